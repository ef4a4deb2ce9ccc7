/**
 * Where the tests find what they need. Each place can be set by an environment variable.
 */

import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, "../../..");

/** The service's binary. */
export const LIVENESS_BIN = process.env.LIVENESS_BIN ?? join(root, "target/debug/liveness");
/** The binary that renders heads and cuts clips. */
export const KIT_BIN = process.env.LIVENESS_KIT_BIN ?? join(root, "target/debug/liveness-kit");
/** The browser. */
export const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
/** The networks, which the kit needs to measure clips. */
export const MODELS_DIR = join(root, "models/built");
/** A portrait in the public domain, and the mesh of its face. */
export const PORTRAIT = join(MODELS_DIR, "test/astronaut.png");
export const PORTRAIT_MESH = join(root, "tests/kit/meshes/astronaut.csv");
/** Clips of real people, which are no part of the repository. */
export const CLIPS_DIR = process.env.LIVENESS_CLIPS ?? resolve(root, "../shared/media/live");
/** Where screenshots go. */
export const OUT_DIR = resolve(here, "../out");
/** What is put in place of the camera, in the browser. */
export const STAND_IN = join(here, "stand-in.js");
/** What writes down the colours of the screen, in the browser. */
export const LIGHT_WATCH = join(here, "light-watch.js");

/** What to do about a missing file, for those that somebody has to make. */
const REMEDIES = Object.freeze({
  [LIVENESS_BIN]: "cargo build -p liveness",
  [KIT_BIN]: "cargo build -p liveness-kit",
  [CHROMIUM]: "install Chromium, or name it in CHROMIUM",
  [PORTRAIT]: "cargo run -p liveness-model-setup -- --test-material",
});

/**
 * Fails early, and says how to mend it, where something is missing.
 *
 * @param {string[]} paths
 */
export function demand(...paths) {
  for (const path of paths) {
    if (!existsSync(path)) throw new Error(`${path} is missing: ${REMEDIES[path] ?? "see tests/e2e/README.md"}`);
  }
}
