/**
 * What somebody, or something, does before the camera: frames, and the order in which they are played.
 *
 * Left and right are the person's own; a turn to the left moves the nose to the right in the camera's picture.
 *
 * @typedef {object} Turn frames by number
 * @property {number[]} out from ahead to the widest
 * @property {number[]} hold at the widest, played to and fro
 * @property {number[]} back to ahead again
 *
 * @typedef {object} Performance
 * @property {number} fps
 * @property {string[]} frames JPEGs in base64; none for an empty room
 * @property {number[]} ahead frames by number, played to and fro
 * @property {Turn | null} left none for who never turns
 * @property {Turn | null} right
 * @property {{least: number, most: number}} reactionMs from a new instruction to the first movement
 * @property {boolean} mistakesFirstTurn whether the first turn goes to the wrong side until the page says so
 */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { CLIPS_DIR, KIT_BIN, MODELS_DIR, PORTRAIT, PORTRAIT_MESH, demand } from "./places.js";
import { makeFolder, removeFolder, runWell } from "./processes.js";

const FPS = 15;
const REACTION_MS = Object.freeze({ least: 200, most: 500 });
/** Slow enough to take a picture of each step before it is done. */
const SLOW_REACTION_MS = Object.freeze({ least: 900, most: 1_100 });

/** Frames of a clip's steadiest look ahead: a second. */
const STEADY_FRAMES = FPS;
/** A head within this share of its widest yaw is at the widest. */
const WIDEST_SHARE = 0.85;

/** How far and how fast the rendered head turns: as people do who are asked to. */
const HEAD_DEGREES = 28;
const HEAD_TURN_SECONDS = 0.7;

/** A print of 15 x 20 cm fills the oval when it is held so near. */
const PRINT_DISTANCE_CM = 28;

/** @typedef {{jpeg: string, yaw: number}} Still */

/**
 * A real person, as filmed: looks ahead where the clip is steadiest, and turns as the clip turns.
 *
 * @param {string} clip file name
 * @returns {Promise<Performance>}
 */
export function filmed(clip) {
  return withKit(["turns", "--clip", join(CLIPS_DIR, clip), "--fps", String(FPS), "--models-dir", MODELS_DIR], async (folder) => {
    const cast = new Cast();
    return cast.performs({
      ahead: cast.add(steadiest(await stills(join(folder, "ahead")))),
      left: cast.turn(await stills(join(folder, "left"))),
      right: cast.turn(await stills(join(folder, "right"))),
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
function renderHead() {
  const widest = HEAD_DEGREES + 1;
  return withKit(["head", ...portrait(widest)], async (folder) => {
    const cast = new Cast();
    const numbers = new Map((await stills(folder)).map((still) => [still.yaw, cast.add([still])[0]]));
    const at = (/** @type {number} */ yaw) => numbers.get(Math.round(yaw)) ?? 0;
    const turn = (/** @type {number} */ sign) => {
      const out = gently(Math.round(HEAD_TURN_SECONDS * FPS)).map((share) => at(sign * HEAD_DEGREES * share));
      const hold = [0, 1, 0, -1].map((tremor) => at(sign * (HEAD_DEGREES + tremor)));
      return { out, hold, back: out.toReversed() };
    };
    return cast.performs({ ahead: [0, 1, 0, -1].map(at), left: turn(1), right: turn(-1) });
  });
}

/** The portrait as a flat print in a hand that trembles and never turns it. @returns {Promise<Performance>} */
export function flatPrint() {
  return withKit(["flat", ...portrait(1), "--distance", String(PRINT_DISTANCE_CM)], async (folder) => {
    const cast = new Cast();
    return cast.performs({ ahead: cast.add(await stills(folder)), left: null, right: null });
  });
}

/** Nobody is there. @returns {Performance} */
export function emptyRoom() {
  return new Cast().performs({ ahead: [], left: null, right: null });
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
  return { ...performance, left: performance.right, right: performance.left };
}

/** Collects frames and numbers them. */
class Cast {
  /** @type {string[]} */
  #frames = [];

  /** @param {Still[]} stills @returns {number[]} their numbers */
  add(stills) {
    return stills.map(({ jpeg }) => this.#frames.push(jpeg) - 1);
  }

  /** @param {Still[]} stills from ahead to the widest and back @returns {Turn} */
  turn(stills) {
    const size = (/** @type {Still} */ { yaw }) => Math.abs(yaw);
    const widest = Math.max(...stills.map(size));
    const isWide = (/** @type {Still} */ still) => size(still) >= widest * WIDEST_SHARE;
    const first = stills.findIndex(isWide);
    const last = stills.findLastIndex(isWide);
    return {
      out: this.add(stills.slice(0, first)),
      hold: this.add(stills.slice(first, last + 1)),
      back: this.add(stills.slice(last + 1)),
    };
  }

  /** @param {{ahead: number[], left: Turn | null, right: Turn | null}} parts @returns {Performance} */
  performs(parts) {
    return { fps: FPS, frames: this.#frames, ...parts, reactionMs: REACTION_MS, mistakesFirstTurn: false };
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

/** @param {number} widest in degrees */
function portrait(widest) {
  demand(PORTRAIT);
  return ["--picture", PORTRAIT, "--mesh", PORTRAIT_MESH, "--step", "1", "--widest", String(widest)];
}

/** @param {string} folder that the kit wrote @returns {Promise<Still[]>} */
async function stills(folder) {
  /** @type {{file: string, yaw: number}[]} */
  const index = JSON.parse(await readFile(join(folder, "frames.json"), "utf8"));
  return Promise.all(
    index.map(async ({ file, yaw }) => ({ yaw, jpeg: (await readFile(join(folder, file))).toString("base64") })),
  );
}

/** The second in which the head moves least. @param {Still[]} stills */
function steadiest(stills) {
  const stretches = stills.slice(STEADY_FRAMES - 1).map((_, start) => stills.slice(start, start + STEADY_FRAMES));
  const spread = (/** @type {Still[]} */ stretch) => {
    const yaws = stretch.map(({ yaw }) => yaw);
    return Math.max(...yaws) - Math.min(...yaws);
  };
  return stretches.reduce((best, stretch) => (spread(stretch) < spread(best) ? stretch : best), stretches[0] ?? stills);
}

/** Shares from 0 to 1 of a movement that is gentle at both ends. @param {number} count */
function gently(count) {
  return Array.from({ length: count }, (_, index) => {
    const share = index / (count - 1);
    return share * share * (3 - 2 * share);
  });
}
