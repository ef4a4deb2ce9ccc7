/**
 * One connection to the server: the protocol `liveness.v1`, and the pace at which pictures are sent.
 *
 * @typedef {"light" | "motion"} Way with the screen's coloured light, or with movements alone
 *
 * @typedef {object} CameraSettings
 * @property {string} label
 * @property {number} width in pixels
 * @property {number} height in pixels
 * @property {number | null} frame_rate a second
 *
 * @typedef {object} Guide
 * @property {"framing" | "step"} state
 * @property {string | null} step
 * @property {string | null} colour of the light, `#rrggbb`; null in every other step
 * @property {string | null} hint
 * @property {number} progress from 0 to 1
 *
 * @typedef {object} End
 * @property {"complete" | "error"} outcome
 * @property {string} [error]
 * @property {string | null} return_to
 *
 * @typedef {object} Handlers
 * @property {() => void} ready the server takes pictures from now on
 * @property {(guide: Guide) => void} guide
 * @property {() => void} quiet an answer is late
 * @property {(reason: string, attemptsLeft: number) => void} attemptFailed
 * @property {(end: End) => void} end
 * @property {(seconds: number) => void} busy
 * @property {() => void} takenOver the check went on in another window
 * @property {() => void} lost
 */

const PROTOCOL = "liveness.v1";

/** At most 8 pictures a second: enough to follow a turning head, and light on slow lines. */
const MIN_GAP_MS = 125;
/**
 * One in flight on a short line: each answer is about the picture that the person shows now, and a second one would only
 * queue up on a busy service and grow old (docs/benchmarks.md). On a long line that would be too slow to see a head move, so
 * there is one more for each such time that the way there and back takes.
 */
const SHORT_LINE_UNANSWERED = 1;
const LONG_LINE_MS = 150;
const MAX_UNANSWERED = 3;
/** About two pictures: with more than this still unsent, the line is slower than the camera. */
const MAX_BUFFERED_BYTES = 256 * 1024;

/** After this long without an answer the person is told to wait. */
const QUIET_MS = 2_000;
/** After this long without an answer the connection counts as lost. */
const LOST_MS = 20_000;

/** The server's close code when the check is opened elsewhere. */
const TAKEN_OVER = 4409;

export class Connection {
  #socket;
  #handlers;
  #finished = false;
  #ready = false;
  #unanswered = 0;
  #mayBeUnanswered = SHORT_LINE_UNANSWERED;
  #openedAt = 0;
  #lastSent = -Infinity;
  #quietTimer = 0;
  #lostTimer = 0;

  /**
   * @param {string} url
   * @param {{way: Way, camera?: CameraSettings}} beginning
   * @param {Handlers} handlers
   */
  constructor(url, beginning, handlers) {
    this.#handlers = handlers;
    this.#socket = new WebSocket(url, PROTOCOL);
    this.#socket.addEventListener("open", () => {
      this.#openedAt = performance.now();
      this.#send({ type: "start", ...beginning });
    });
    this.#socket.addEventListener("message", (event) => this.#receive(event.data));
    this.#socket.addEventListener("close", (event) => this.#onClose(event.code));
    this.#expectAnswer();
  }

  /** Whether this connection is still in use. */
  get live() {
    return !this.#finished;
  }

  /** Whether a picture may be sent now. */
  wantsPicture() {
    return (
      this.#ready &&
      this.live &&
      this.#socket.readyState === WebSocket.OPEN &&
      this.#unanswered < this.#mayBeUnanswered &&
      this.#socket.bufferedAmount < MAX_BUFFERED_BYTES &&
      performance.now() - this.#lastSent >= MIN_GAP_MS
    );
  }

  /** @param {Blob} jpeg */
  sendPicture(jpeg) {
    if (!this.live || this.#socket.readyState !== WebSocket.OPEN) return;
    this.#lastSent = performance.now();
    this.#unanswered += 1;
    this.#socket.send(jpeg);
    if (this.#lostTimer === 0) this.#expectAnswer();
  }

  /** Tells the server that the person leaves, and ends the connection once that is sent. */
  cancel() {
    if (this.live && this.#socket.readyState === WebSocket.OPEN) {
      this.#send({ type: "cancel", reason: "cancelled" });
    }
    this.close();
  }

  /** Ends the connection. No handler is called after this. */
  close() {
    this.#finished = true;
    this.#stopWaiting();
    this.#socket.close();
  }

  /** @param {object} message */
  #send(message) {
    this.#socket.send(JSON.stringify(message));
  }

  /** @param {unknown} data */
  #receive(data) {
    if (this.#finished) return;
    const message = parse(data);
    switch (message?.type) {
      case "guide":
        this.#onGuide(message);
        break;
      case "attempt_failed":
        this.close();
        this.#handlers.attemptFailed(message.reason, message.attempts_left);
        break;
      case "end":
        this.close();
        this.#handlers.end(message);
        break;
      case "busy":
        this.close();
        this.#handlers.busy(message.retry_after);
        break;
    }
  }

  /** @param {Guide} guide */
  #onGuide(guide) {
    this.#stopWaiting();
    // The first guide answers the start, every later one a picture.
    if (this.#ready) this.#unanswered = Math.max(0, this.#unanswered - 1);
    if (this.#unanswered > 0) this.#expectAnswer();
    this.#handlers.guide(guide);
    if (!this.#ready) {
      this.#ready = true;
      const more = Math.floor((performance.now() - this.#openedAt) / LONG_LINE_MS);
      this.#mayBeUnanswered = Math.min(MAX_UNANSWERED, SHORT_LINE_UNANSWERED + more);
      this.#handlers.ready();
    }
  }

  /** @param {number} code */
  #onClose(code) {
    if (this.#finished) return;
    this.close();
    if (code === TAKEN_OVER) this.#handlers.takenOver();
    else this.#handlers.lost();
  }

  #expectAnswer() {
    this.#quietTimer = setTimeout(() => {
      // Before the first answer the page already says that it is connecting.
      if (this.#ready) this.#handlers.quiet();
    }, QUIET_MS);
    this.#lostTimer = setTimeout(() => {
      this.close();
      this.#handlers.lost();
    }, LOST_MS);
  }

  #stopWaiting() {
    clearTimeout(this.#quietTimer);
    clearTimeout(this.#lostTimer);
    this.#quietTimer = 0;
    this.#lostTimer = 0;
  }
}

/**
 * Sends pictures for as long as the connection lives, and never from a hidden page.
 *
 * @param {import("./camera.js").Camera} camera
 * @param {Connection} connection
 */
export async function streamPictures(camera, connection) {
  while (connection.live) {
    await camera.nextPicture();
    if (document.hidden || !connection.wantsPicture()) continue;
    const jpeg = await camera.takePicture();
    if (jpeg) connection.sendPicture(jpeg);
  }
}

/**
 * Reads a message; null for anything that is not one, which is then ignored.
 *
 * @param {unknown} data
 */
function parse(data) {
  try {
    return JSON.parse(String(data));
  } catch {
    return null;
  }
}
