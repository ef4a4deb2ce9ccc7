/**
 * What the person sees: texts, states and attributes of the document are set here and nowhere else.
 *
 * @typedef {import("./words.js").Words} Words
 * @typedef {import("./socket.js").Way} Way
 * @typedef {"intro" | "camera" | "framing" | "step" | "wait" | "done" | "error"} State
 *
 * @typedef {object} Offers what the person may do at an end
 * @property {string} [note]
 * @property {boolean} [canRetry]
 * @property {boolean} [canChange] whether the retry may be one without the light
 * @property {string | null} [leaveLabel]
 */

import { lamp } from "./screen.js";
import { ADVICE, CAMERA_REQUEST, FRAMING_ADVICE, HINTS, INSTRUCTIONS, WAITS } from "./words.js";

/** A hint stays at least this long, so that it can be read and does not flicker. */
const HINT_MIN_MS = 600;
/** How long a passing notice stays. */
const NOTICE_MS = 4_000;
/** A short touch for those who cannot look at the screen while they turn. */
const STEP_PULSE_MS = 25;

const root = document.documentElement;
const title = document.title;

/** @type {HTMLVideoElement} */
export const video = byId("video");

const instruction = byId("instruction");
const detail = byId("detail");
const count = byId("count");
const hintLine = byId("hint");
const progressRing = byId("progress");
const notice = byId("notice");
const endingTitle = byId("ending-title");
const endingText = byId("ending-text");
const endingNote = byId("ending-note");
const start = byId("start");
const startWithoutLight = byId("start-without-light");
const decline = byId("decline");
const goOnWithoutLight = byId("without-light");
const cancel = byId("cancel");
const again = byId("again");
const againWithoutLight = byId("again-without-light");
const leave = byId("leave");

/**
 * Connects the buttons.
 *
 * @param {{start: (way: Way) => void, decline: () => void, goOnWithoutLight: () => void, cancel: () => void,
 *   again: () => void, againWithoutLight: () => void, leave: () => void}} on
 */
export function onPress(on) {
  start.addEventListener("click", () => on.start("light"));
  startWithoutLight.addEventListener("click", () => on.start("motion"));
  decline.addEventListener("click", on.decline);
  goOnWithoutLight.addEventListener("click", on.goOnWithoutLight);
  cancel.addEventListener("click", on.cancel);
  again.addEventListener("click", on.again);
  againWithoutLight.addEventListener("click", on.againWithoutLight);
  leave.addEventListener("click", on.leave);
}

/**
 * Names who asked for the check.
 *
 * @param {string} host
 */
export function nameHost(host) {
  byId("asked-by").textContent = `${host} asks you`;
  byId("back-to").textContent = ` to ${host}`;
  setText(byId("for-host"), `for ${host}`);
}

/** @param {Date | null} until when the link expires */
export function showIntro(until) {
  if (until) {
    const time = until.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    byId("until").textContent = ` This link works until ${time}.`;
  }
  // Who asked for less movement gets the way without changing light first, for eyes, keyboard and screen reader alike.
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) start.before(startWithoutLight);
  for (const button of [start, startWithoutLight, decline]) button.disabled = false;
  setState("intro");
}

/**
 * Offers, while the check runs, to go on without the light.
 *
 * @param {boolean} possible
 */
export function offerWayWithoutLight(possible) {
  goOnWithoutLight.hidden = !possible;
}

/** Asks the person to allow the camera. */
export function showCameraRequest() {
  showCapture("camera", CAMERA_REQUEST);
}

/**
 * @param {keyof typeof WAITS} reason
 * @param {number} [seconds] until the next try, counted down in sight only: read aloud it would never stop
 */
export function showWait(reason, seconds) {
  showCapture("wait", WAITS[reason]);
  count.textContent = seconds === undefined ? "" : `Next try in ${seconds} s`;
}

/**
 * @param {import("./socket.js").Guide} guide
 * @param {Way} way
 */
export function showGuide({ state, step, colour, hint, progress }, way) {
  const key = state === "step" && step ? step : "framing";
  const advice = key === "framing" ? FRAMING_ADVICE[way] : ADVICE[key];
  const moved = root.dataset.state !== state || root.dataset.step !== (step ?? undefined);
  if (moved && state === "step") navigator.vibrate?.(STEP_PULSE_MS);
  setCapture({ title: INSTRUCTIONS[key] ?? "", text: advice ?? "" });
  setState(state, step, colour);
  hints.show(hint, moved);
  setProgress(progress);
}

/**
 * @param {Words} words
 * @param {string} leaveLabel
 */
export function showDone(words, leaveLabel) {
  showEnding("done", words, { leaveLabel });
}

/**
 * @param {Words} words
 * @param {Offers} options
 */
export function showError(words, options) {
  showEnding("error", words, options);
}

/** Tells in the tab that the check waits for the person. */
export function showPaused() {
  showWait("paused");
  document.title = `Paused: ${title}`;
}

/** Tells the person who came back what happened meanwhile; the next guide then shows where the check is. */
export function showResumed() {
  document.title = title;
  showWait("connecting");
  notice.textContent = "Paused while this page was hidden";
  setTimeout(() => {
    notice.textContent = "";
  }, NOTICE_MS);
}

/**
 * @param {State} state
 * @param {Words} words
 */
function showCapture(state, words) {
  setCapture(words);
  setState(state);
  hints.show(null, true);
  setProgress(0);
}

/** @param {Words} words */
function setCapture(words) {
  setText(instruction, words.title);
  setText(detail, words.text);
  count.textContent = "";
}

/**
 * @param {"done" | "error"} state
 * @param {Words} words
 * @param {Offers} options
 */
function showEnding(state, words, { note = "", canRetry = false, canChange = false, leaveLabel = null }) {
  setText(endingTitle, words.title);
  setText(endingText, words.text);
  setText(endingNote, note);
  setText(leave, leaveLabel ?? "");
  again.hidden = !canRetry;
  againWithoutLight.hidden = !canChange;
  leave.classList.toggle("primary", !canRetry);
  leave.classList.toggle("quiet", canRetry);
  document.title = title;
  hints.show(null, true);
  setState(state);
}

/**
 * Changes the text only when it is another, since each change is read aloud, and hides what is empty.
 *
 * @param {HTMLElement} element
 * @param {string} text
 */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
  element.hidden = text === "";
}

/**
 * @param {State} state
 * @param {string | null} [step]
 * @param {string | null} [colour] of the screen's light; none in any other state
 */
function setState(state, step = null, colour = null) {
  const panel = visiblePanel();
  root.dataset.state = state;
  if (state === "step" && step) root.dataset.step = step;
  else delete root.dataset.step;
  lamp.show(colour);
  if (visiblePanel() !== panel) focusHeading();
}

function visiblePanel() {
  switch (root.dataset.state) {
    case "intro":
      return "intro";
    case "done":
    case "error":
      return "ending";
    default:
      return "capture";
  }
}

/** The button that was pressed is gone with its panel; without this the keyboard would start at the top again. */
function focusHeading() {
  /** @type {HTMLElement | null} */
  const heading = document.querySelector(`#${visiblePanel()} h1`);
  heading?.focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

/** @param {number} progress from 0 to 1 */
function setProgress(progress) {
  const bounded = Math.min(1, Math.max(0, Number(progress) || 0));
  root.style.setProperty("--progress", String(bounded));
  progressRing.setAttribute("aria-valuenow", String(Math.round(bounded * 100)));
}

/** Shows one hint at a time, each long enough to be read. */
const hints = {
  /** @type {string | null} */
  wanted: null,
  shownAt: -Infinity,
  timer: 0,

  /**
   * @param {string | null} code
   * @param {boolean} atOnce for a new step, to which the old hint no longer belongs
   */
  show(code, atOnce) {
    this.wanted = code !== null && Object.hasOwn(HINTS, code) ? code : null;
    const wait = atOnce ? 0 : this.shownAt + HINT_MIN_MS - performance.now();
    if (wait <= 0) this.apply();
    else if (this.timer === 0) this.timer = setTimeout(() => this.apply(), wait);
  },

  apply() {
    clearTimeout(this.timer);
    this.timer = 0;
    if (this.wanted === (root.dataset.hint ?? null)) return;
    if (this.wanted) root.dataset.hint = this.wanted;
    else delete root.dataset.hint;
    hintLine.textContent = this.wanted ? HINTS[this.wanted] : "";
    this.shownAt = performance.now();
  },
};

/**
 * The element of the page with this id; the markup beside this file has them all.
 *
 * @param {string} id
 * @returns {any}
 */
function byId(id) {
  return document.getElementById(id);
}
