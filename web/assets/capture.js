/**
 * Leads one person through one check. The server decides everything; this page shows what it says.
 *
 * @typedef {import("./camera.js").Camera} Camera
 * @typedef {import("./socket.js").Way} Way
 * @typedef {import("./words.js").Words} Words
 *
 * @typedef {object} Context
 * @property {"open" | "complete" | "expired" | "cancelled" | "attempts_exhausted" | "unknown"} status
 * @property {string | null} expires_at
 * @property {number} attempts_left
 * @property {string | null} return_host
 */

import { CameraError, openCamera } from "./camera.js";
import { awake } from "./screen.js";
import { Connection, streamPictures } from "./socket.js";
import * as view from "./view.js";
import { DONE, FAILURES, PROBLEMS, returnLabel, triesLeft } from "./words.js";

/** The pauses before each try to connect again; after the last one the person is asked. */
const RECONNECT_PAUSES_MS = [1_000, 2_500, 5_000];
/** Bounds of the pause that a busy server asks for, in seconds. */
const BUSY_SECONDS = Object.freeze({ least: 1, most: 60, unknown: 5 });
/** Long enough to read the thanks. */
const THANKS_MS = 1_200;
/** Lets the word that the person leaves reach the server before the page is gone. */
const LEAVE_MS = 250;
/** A check that runs at the moment of expiry is the server's to end; this is how long that may take. */
const EXPIRY_GRACE_MS = 5_000;

/**
 * What the integrator is told when the person leaves at a problem; at any other, they cancelled.
 *
 * @type {Readonly<Record<string, string>>}
 */
const RETURN_CODES = Object.freeze({
  camera_denied: "camera_denied",
  no_camera: "no_camera",
  camera_in_use: "no_camera",
  camera_too_small: "no_camera",
  camera_stopped: "no_camera",
  unsupported_browser: "unsupported_browser",
  unreachable: "server_error",
});

const page = location.pathname.replace(/\/+$/, "");

class Check {
  #context;
  /** @type {Camera | null} */
  #camera = null;
  /** @type {Connection | null} */
  #connection = null;
  /** @type {Way} chosen by the person */
  #way = "light";
  #attemptsLeft;
  #reconnects = 0;
  #paused = false;
  /** Whether nothing but leaving is left. */
  #over = false;
  /** Where the leave button leads. */
  #wayOn = returnUrl();
  /** The one thing that is due later: a retry, a countdown or the way back. */
  #timer = 0;

  /** @param {Context} context */
  constructor(context) {
    this.#context = context;
    this.#attemptsLeft = context.attempts_left;
  }

  /** Connects the buttons and shows the first view. */
  open() {
    view.onPress({
      start: (way) => this.#start(way),
      decline: () => go(returnUrl("consent_declined")),
      goOnWithoutLight: () => this.#goOnWithoutLight(),
      cancel: () => this.#cancel(),
      again: () => this.#tryAgain(this.#way),
      againWithoutLight: () => this.#tryAgain("motion"),
      leave: () => go(this.#wayOn),
    });
    document.addEventListener("visibilitychange", () => this.#visibilityChanged());

    const { status, expires_at: expiresAt, return_host: host } = this.#context;
    if (host) view.nameHost(host);
    if (status === "open") {
      view.showIntro(expiresAt ? new Date(expiresAt) : null);
      this.#awaitExpiry();
    } else if (status === "complete") {
      this.#over = true;
      view.showDone(DONE.before, returnLabel(host));
    } else {
      this.#endInError(status, null);
    }
  }

  /** @param {Way} way */
  async #start(way) {
    this.#way = way;
    view.showCameraRequest();
    try {
      const camera = await openCamera(view.video);
      if (this.#over) return camera.stop();
      this.#camera = camera;
      camera.onEnded(() => this.#cameraEnded(camera));
    } catch (error) {
      if (!this.#over) this.#offerProblem(error instanceof CameraError ? error.problem : "unsupported_browser");
      return;
    }
    this.#connectAfresh();
  }

  /** @param {Way} way */
  #tryAgain(way) {
    this.#way = way;
    if (this.#camera) this.#connectAfresh();
    else this.#start(way);
  }

  /** Gives up this attempt, as a lost connection does, for one of the other way. */
  #goOnWithoutLight() {
    this.#disconnect();
    this.#tryAgain("motion");
  }

  /** @param {Camera} camera */
  #cameraEnded(camera) {
    if (this.#camera !== camera) return;
    this.#camera = null;
    this.#offerProblem("camera_stopped");
  }

  #connectAfresh() {
    this.#reconnects = 0;
    awake.keep();
    view.showWait("connecting");
    this.#connect();
  }

  #connect() {
    const beginning = { way: this.#way, camera: this.#camera?.describe() };
    this.#connection = new Connection(socketUrl(), beginning, {
      ready: () => this.#stream(),
      guide: (guide) => this.#guide(guide),
      quiet: () => this.#quiet(),
      attemptFailed: (reason, attemptsLeft) => this.#attemptFailed(reason, attemptsLeft),
      end: (end) => this.#end(end),
      busy: (seconds) => this.#waitForServer(boundedPause(seconds)),
      takenOver: () => this.#offerProblem("elsewhere"),
      lost: () => this.#reconnect(),
    });
  }

  #stream() {
    this.#attemptsLeft -= 1;
    view.offerWayWithoutLight(this.#way === "light" && this.#attemptsLeft > 0);
    if (this.#camera && this.#connection) streamPictures(this.#camera, this.#connection);
  }

  /** @param {import("./socket.js").Guide} guide */
  #guide(guide) {
    if (!this.#paused) view.showGuide(guide, this.#way);
  }

  #quiet() {
    if (!this.#paused) view.showWait("computing");
  }

  /**
   * @param {string} reason
   * @param {number} attemptsLeft
   */
  #attemptFailed(reason, attemptsLeft) {
    this.#attemptsLeft = attemptsLeft;
    if (attemptsLeft === 0) {
      this.#endInError("attempts_exhausted", null);
      return;
    }
    const words = Object.hasOwn(FAILURES, reason) ? FAILURES[reason] : FAILURES.technical;
    this.#offerRetry(words, "cancelled", { note: triesLeft(attemptsLeft), canChange: this.#way === "light" });
  }

  /** @param {import("./socket.js").End} end */
  #end(end) {
    if (end.outcome === "complete") this.#complete(end.return_to);
    else this.#endInError(end.error ?? "server_error", end.return_to);
  }

  /** @param {string | null} returnTo */
  #complete(returnTo) {
    this.#finish();
    this.#wayOn = webAddress(returnTo) ?? returnUrl();
    view.showDone(DONE.now, returnLabel(this.#context.return_host));
    this.#later(THANKS_MS, () => go(this.#wayOn));
  }

  /** @param {number} seconds */
  #waitForServer(seconds) {
    if (seconds === 0) {
      view.showWait("connecting");
      this.#connect();
      return;
    }
    view.showWait("busy", seconds);
    this.#later(1_000, () => this.#waitForServer(seconds - 1));
  }

  #reconnect() {
    if (this.#reconnects === RECONNECT_PAUSES_MS.length) {
      this.#offerProblem("unreachable");
      return;
    }
    view.showWait("reconnecting");
    this.#later(RECONNECT_PAUSES_MS[this.#reconnects], () => this.#connect());
    this.#reconnects += 1;
  }

  /** @param {string} problem */
  #offerProblem(problem) {
    this.#offerRetry(PROBLEMS[problem], RETURN_CODES[problem] ?? "cancelled");
  }

  /**
   * Shows what went wrong, with a way to try again and a way to leave.
   *
   * @param {Words} words
   * @param {string} code what the integrator is told when the person leaves here
   * @param {import("./view.js").Offers} [offers] besides
   */
  #offerRetry(words, code, offers = {}) {
    this.#disconnect();
    awake.release();
    this.#wayOn = returnUrl(code);
    view.showError(words, { ...offers, canRetry: true, leaveLabel: "Leave" });
  }

  /**
   * Shows an end after which nothing can be tried again.
   *
   * @param {string} error
   * @param {string | null} returnTo where the server sends the person, if it said so
   */
  #endInError(error, returnTo) {
    this.#finish();
    const problem = Object.hasOwn(PROBLEMS, error) ? error : "server_error";
    this.#wayOn = webAddress(returnTo) ?? returnUrl(problem);
    // An unknown link belongs to no one, so there is nowhere to go.
    const leaveLabel = problem === "unknown" ? null : returnLabel(this.#context.return_host);
    view.showError(PROBLEMS[problem], { leaveLabel });
  }

  #cancel() {
    this.#connection?.cancel();
    this.#finish();
    view.showWait("leaving");
    this.#later(LEAVE_MS, () => go(returnUrl("cancelled")));
  }

  #visibilityChanged() {
    if (document.hidden && this.#connection?.live) {
      this.#paused = true;
      view.showPaused();
    } else if (!document.hidden && this.#paused) {
      this.#paused = false;
      this.#camera?.resume();
      awake.keep();
      view.showResumed();
    }
  }

  #awaitExpiry() {
    const left = Date.parse(this.#context.expires_at ?? "") - Date.now();
    // The server has just said that the link is open: if it seems expired, this device's clock is wrong.
    if (left > 0) setTimeout(() => this.#expire(), left);
  }

  #expire() {
    const grace = this.#connection?.live ? EXPIRY_GRACE_MS : 0;
    setTimeout(() => {
      if (!this.#over) this.#endInError("expired", null);
    }, grace);
  }

  #finish() {
    this.#over = true;
    this.#disconnect();
    awake.release();
    this.#camera?.stop();
    this.#camera = null;
  }

  #disconnect() {
    clearTimeout(this.#timer);
    this.#connection?.close();
    this.#connection = null;
    this.#paused = false;
    view.offerWayWithoutLight(false);
  }

  /**
   * @param {number} pause in milliseconds
   * @param {() => void} action
   */
  #later(pause, action) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(action, pause);
  }
}

/** @returns {Context} */
function readContext() {
  return JSON.parse(document.getElementById("context")?.textContent ?? "");
}

function socketUrl() {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  return `${scheme}//${location.host}${page}/ws`;
}

/**
 * The address through which the server sends the person back.
 *
 * @param {string} [error] why, when the check is not complete
 */
function returnUrl(error) {
  return error ? `${page}/return?error=${encodeURIComponent(error)}` : `${page}/return`;
}

/**
 * The address, if a browser may go there; never a `javascript:` one.
 *
 * @param {string | null} address
 */
function webAddress(address) {
  return address && /^https?:\/\//i.test(address) ? address : null;
}

/** @param {number} seconds */
function boundedPause(seconds) {
  const { least, most, unknown } = BUSY_SECONDS;
  return Number.isFinite(seconds) ? Math.min(most, Math.max(least, Math.ceil(seconds))) : unknown;
}

/** @param {string} address */
function go(address) {
  location.assign(address);
}

// A page that the Back button brings out of memory may show a check that has ended since.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

new Check(readContext()).open();
