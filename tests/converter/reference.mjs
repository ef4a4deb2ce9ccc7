// Runs TensorFlow.js graph models on its pure JavaScript CPU backend: the reference for the converted models.
//
//   node reference.mjs REQUEST.json
//
// The request is a list of runs: { topology, weights, input, shape, outputs }. `topology`, `weights` and `input` are
// paths; the input holds little-endian 32-bit floats in the order of `shape` (NHWC). `outputs` maps names of nodes to
// the paths that their values are written to, again as floats.

import { readFileSync, writeFileSync } from 'node:fs';
import tf from '@tensorflow/tfjs-core';
import converter from '@tensorflow/tfjs-converter';
import '@tensorflow/tfjs-backend-cpu';

/** Returns the bytes of a file in an ArrayBuffer of their own. */
function bytesOf(path) {
  return new Uint8Array(readFileSync(path)).buffer;
}

async function load({ topology, weights }) {
  const { modelTopology, weightsManifest, signature } = JSON.parse(readFileSync(topology, 'utf8'));
  const weightSpecs = weightsManifest.flatMap((group) => group.weights);
  const artifacts = { modelTopology, signature, weightSpecs, weightData: bytesOf(weights) };
  return converter.loadGraphModel(tf.io.fromMemory(artifacts));
}

await tf.setBackend('cpu');
const models = new Map();
for (const run of JSON.parse(readFileSync(process.argv[2], 'utf8'))) {
  if (!models.has(run.topology)) models.set(run.topology, await load(run));
  const input = tf.tensor(new Float32Array(bytesOf(run.input)), run.shape);
  const nodes = Object.keys(run.outputs);
  const results = [models.get(run.topology).execute(input, nodes)].flat();
  for (const [index, node] of nodes.entries()) writeFileSync(run.outputs[node], results[index].dataSync());
  tf.dispose([input, results]);
}
