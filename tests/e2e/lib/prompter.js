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

  /** @param {{step?: string | null, colour?: string | null, hint?: string | null, progress?: number}} guide */
  guides({ step = null, colour = null, hint = null, progress = 0 }) {
    this.says({ type: "guide", state: step ? "step" : "framing", step, colour, hint, progress });
  }

  /** @param {object} message */
  says(message) {
    this.#socket?.send(JSON.stringify(message));
  }

  /** @param {string | Buffer} message */
  #hear(message) {
    // Pictures are not answered: the page then sends two and waits.
    if (typeof message !== "string") return;
    const said = JSON.parse(message);
    if (said.type !== "start") return;
    this.starts.push(said);
    this.guides({});
    this.#events.emit("start");
  }
}
