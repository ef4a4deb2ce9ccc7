/**
 * What somebody, or something, does before the camera: frames, and the order in which they are played.
 *
 * Left and right are the person's own; a turn to the left moves the nose to the right in the camera's picture. How they
 * come nearer and how the screen lights them is the stand-in's to draw.
 *
 * @typedef {object} Turn frames by number
 * @property {number[]} out from ahead to the widest
 * @property {number[]} hold at the widest, played to and fro
 * @property {number[]} back to ahead again
 *
 * @typedef {object} Route the first and the last frame of each, by number
 * @property {[number, number]} ahead
 * @property {[number, number]} left
 * @property {[number, number]} right
 *
 * @typedef {object} Performance
 * @property {number} fps
 * @property {string[]} frames JPEGs in base64; none for an empty room
 * @property {number[]} ahead frames by number, played to and fro
 * @property {{left?: Turn, right?: Turn, up?: Turn, down?: Turn}} turns those that can be made
 * @property {Route | null} route of a clip that is played to and fro, with some frames passed over between the stretches, instead
 *   of `ahead` and `turns`
 * @property {boolean} moves whether they come nearer and move away
 * @property {{scale: number, frames: number[]}[]} distances for each frame of `ahead`, the one at another distance, where
 *   the face is larger by a scale; none where a zoom has to do
 * @property {{x: number, y: number, width: number, height: number} | null} face where it is when it looks ahead, as
 *   shares of the picture; none for an empty room
 * @property {{width: number, height: number} | null} room of another size than usual, where it is empty
 * @property {{least: number, most: number}} reactionMs from a new instruction to the first movement
 * @property {boolean} mistakesFirstTurn whether the first turn goes to the wrong side until the page says so
 */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { CLIPS_DIR, KIT_BIN, MODELS_DIR, PORTRAIT, PORTRAIT_MESH, demand } from "./places.js";
import { makeFolder, removeFolder, runWell } from "./processes.js";

const FPS = 15;
const REACTION_MS = Object.freeze({ least: 200, most: 500 });
/** Of a clip: its own way to a turn begins slowly. */
const FILMED_REACTION_MS = Object.freeze({ least: 100, most: 300 });
/** Slow enough to take a picture of each step before it is done. */
const SLOW_REACTION_MS = Object.freeze({ least: 900, most: 1_100 });

/** How far and how fast the rendered head turns: as people do who are asked to. */
const HEAD_DEGREES = 28;
const NOD_DEGREES = 18;
const HEAD_TURN_SECONDS = 0.7;
/** Where it is rendered from: as far away as the kit puts it, and then nearer and farther. */
const HEAD_DISTANCE_CM = 45;
const HEAD_SCALES = Array.from({ length: 11 }, (_, index) => 0.8 * (1.25 / 0.8) ** (index / 10));
/** Degrees by which a head that looks ahead is off, one frame after the other. */
const TREMOR = Object.freeze([0, 1, 0, -1]);
const HEAD_FACE = Object.freeze({ x: 0.5, y: 0.5, width: 0.26, height: 0.46 });

/** Where the faces of clips are. */
const CLIP_FACES = Object.freeze({
  "d3.mp4": { x: 0.55, y: 0.5, width: 0.52, height: 0.7 },
});

/** A print of 15 x 20 cm fills the oval when it is held so near. */
const PRINT_DISTANCE_CM = 28;
const PRINT_FACE = Object.freeze({ x: 0.5, y: 0.5, width: 0.4, height: 0.7 });

/** @typedef {{jpeg: string, angle: number}} Still */

/**
 * A real person, without a cut: the clip is played to and fro between a look ahead and the turns to both sides, faster between
 * them than it was filmed, for nobody in it was asked to turn. They
 * come nearer by a zoom of the head, as flat as that is: no clip has a person who comes nearer when they are asked to.
 *
 * @param {string} clip file name
 * @returns {Promise<Performance>}
 */
export function filmed(clip) {
  return withKit(["clip", "--clip", join(CLIPS_DIR, clip), "--fps", String(FPS), "--models-dir", MODELS_DIR], async (folder) => {
    const cast = new Cast();
    return cast.performs({
      ahead: cast.add(await stills(folder)),
      route: JSON.parse(await readFile(join(folder, "route.json"), "utf8")),
      moves: true,
      face: CLIP_FACES[clip],
      reactionMs: FILMED_REACTION_MS,
    });
  });
}

/** @type {Promise<Performance> | undefined} */
let head;

/** A rendered head with the portrait as its skin; it is rendered once. @returns {Promise<Performance>} */
export function renderedHead() {
  head ??= renderHead();
  return head;
}

/** @returns {Promise<Performance>} */
async function renderHead() {
  const cast = new Cast();
  const sideways = await rendered(cast, ["--widest", String(HEAD_DEGREES + 1)]);
  const upright = await rendered(cast, ["--nod", "--widest", String(NOD_DEGREES + 1)]);
  const turn = (/** @type {Map<number, number>} */ numbers, /** @type {number} */ degrees) => {
    const at = (/** @type {number} */ angle) => numbers.get(Math.round(angle)) ?? 0;
    const out = gently(Math.round(HEAD_TURN_SECONDS * FPS)).map((share) => at(degrees * share));
    const hold = TREMOR.map((tremor) => at(degrees + tremor));
    return { out, hold, back: out.toReversed() };
  };
  const ahead = (/** @type {Map<number, number>} */ numbers) => TREMOR.map((yaw) => numbers.get(yaw) ?? 0);
  const distances = [];
  for (const scale of HEAD_SCALES) {
    const numbers = await rendered(cast, ["--widest", "1", "--distance", String(HEAD_DISTANCE_CM / scale)]);
    distances.push({ scale, frames: ahead(numbers) });
  }
  return cast.performs({
    ahead: ahead(sideways),
    turns: {
      left: turn(sideways, HEAD_DEGREES),
      right: turn(sideways, -HEAD_DEGREES),
      up: turn(upright, NOD_DEGREES),
      down: turn(upright, -NOD_DEGREES),
    },
    moves: true,
    distances,
    face: HEAD_FACE,
  });
}

/**
 * Renders the head, turned degree by degree.
 *
 * @param {Cast} cast
 * @param {string[]} args of the kit
 * @returns {Promise<Map<number, number>>} the frames' numbers, by degrees
 */
function rendered(cast, args) {
  return withKit(["head", ...portrait(), ...args], async (folder) => {
    const numbers = new Map();
    for (const still of await stills(folder)) numbers.set(still.angle, cast.add([still])[0]);
    return numbers;
  });
}

/** The portrait as a flat print in a hand that trembles and never turns it. @returns {Promise<Performance>} */
export function flatPrint() {
  const print = ["flat", ...portrait(), "--widest", "1", "--distance", String(PRINT_DISTANCE_CM)];
  return withKit(print, async (folder) => {
    const cast = new Cast();
    return cast.performs({ ahead: cast.add(await stills(folder)), face: PRINT_FACE });
  });
}

/** Nobody is there. @param {{width: number, height: number} | null} room @returns {Performance} */
export function emptyRoom(room = null) {
  return new Cast().performs({ ahead: [], face: null, room });
}

/** The same person in no hurry. @param {Performance} performance @returns {Performance} */
export function slowly(performance) {
  return { ...performance, reactionMs: SLOW_REACTION_MS };
}

/** The same person, who mixes up the sides at first. @param {Performance} performance @returns {Performance} */
export function mistakenAtFirst(performance) {
  return { ...performance, mistakesFirstTurn: true };
}

/** The same person, who always turns to the other side. @param {Performance} performance @returns {Performance} */
export function alwaysTheOtherWay(performance) {
  const { left, right } = performance.turns;
  return { ...performance, turns: { ...performance.turns, left: right, right: left } };
}

/** Collects frames and numbers them. */
class Cast {
  /** @type {string[]} */
  #frames = [];

  /** @param {Still[]} stills @returns {number[]} their numbers */
  add(stills) {
    return stills.map(({ jpeg }) => this.#frames.push(jpeg) - 1);
  }

  /** @param {Pick<Performance, "ahead" | "face"> & Partial<Performance>} parts @returns {Performance} */
  performs(parts) {
    const still = { turns: {}, route: null, moves: false, distances: [], room: null };
    const manner = { fps: FPS, reactionMs: REACTION_MS, mistakesFirstTurn: false };
    return { ...manner, frames: this.#frames, ...still, ...parts };
  }
}

/**
 * @template T
 * @param {string[]} args of the kit, without the folder to write to
 * @param {(folder: string) => Promise<T>} use
 */
async function withKit(args, use) {
  demand(KIT_BIN);
  const folder = makeFolder();
  try {
    await runWell(KIT_BIN, [...args, "--out", folder]);
    return await use(folder);
  } finally {
    removeFolder(folder);
  }
}

function portrait() {
  demand(PORTRAIT);
  return ["--picture", PORTRAIT, "--mesh", PORTRAIT_MESH, "--step", "1"];
}

/** @param {string} folder that the kit wrote @returns {Promise<Still[]>} */
async function stills(folder) {
  /** @type {{file: string, yaw?: number, pitch?: number}[]} */
  const index = JSON.parse(await readFile(join(folder, "frames.json"), "utf8"));
  return Promise.all(
    index.map(async ({ file, yaw, pitch }) => {
      const jpeg = (await readFile(join(folder, file))).toString("base64");
      return { angle: yaw ?? pitch ?? 0, jpeg };
    }),
  );
}

/** Shares from 0 to 1 of a movement that is gentle at both ends. @param {number} count */
function gently(count) {
  return Array.from({ length: count }, (_, index) => {
    const share = index / (count - 1);
    return share * share * (3 - 2 * share);
  });
}
