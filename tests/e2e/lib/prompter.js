/**
 * Speaks to the page in the service's place, over the page's own socket: for what the service would not say so soon, so
 * fast or in this order.
 */

import { once, EventEmitter } from "node:events";

const START_LIMIT_MS = 10_000;

export class Prompter {
  #events = new EventEmitter();
  /** @type {import("playwright-core").WebSocketRoute | undefined} */
  #socket;
  #guide = "";
  /** How long the way to the page and back takes, in milliseconds. */
  lineMs = 0;
  /** Whether pictures stay without an answer. */
  silent = false;
  /** How many pictures came. */
  pictures = 0;
  /** Every start that the page sent. @type {{type: string, way: string, camera: object}[]} */
  starts = [];

  /** @param {import("playwright-core").Page} page before it opens the link @returns {Promise<Prompter>} */
  static async of(page) {
    const prompter = new Prompter();
    await page.routeWebSocket(/\/ws$/, (socket) => {
      prompter.#socket = socket;
      socket.onMessage((message) => prompter.#hear(message));
    });
    return prompter;
  }

  /** Resolves when the page has begun another attempt. */
  async started() {
    await once(this.#events, "start", { signal: AbortSignal.timeout(START_LIMIT_MS) });
  }

  /**
   * Guides the person; each picture is answered so until something else is said.
   *
   * @param {{step?: string | null, colour?: string | null, hint?: string | null, progress?: number}} guide
   */
  guides({ step = null, colour = null, hint = null, progress = 0 }) {
    const state = step ? "step" : "framing";
    this.#guide = JSON.stringify({ type: "guide", state, step, colour, hint, progress });
    this.#socket?.send(this.#guide);
  }

  /** @param {object} message */
  says(message) {
    this.#socket?.send(JSON.stringify(message));
  }

  /** @param {string | Buffer} message */
  #hear(message) {
    if (typeof message !== "string") {
      this.pictures += 1;
      if (!this.silent) this.#socket?.send(this.#guide);
      return;
    }
    const said = JSON.parse(message);
    if (said.type !== "start") return;
    this.starts.push(said);
    setTimeout(() => {
      this.guides({});
      this.#events.emit("start");
    }, this.lineMs);
  }
}
