/**
 * The integrator's side of a check: who is told of its end, and where people are sent back to.
 */

import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";

/** From the end of a check to the delivery: the service wakes up for it, so a second is plenty; machines are busy. */
const WEBHOOK_LIMIT_MS = 15_000;

const RETURN_PAGE = `<!doctype html><html lang="en"><title>Shop</title><link rel="icon" href="data:,"><h1>Welcome back</h1>`;

/**
 * @typedef {object} Delivery
 * @property {import("node:http").IncomingHttpHeaders} headers
 * @property {Buffer} raw the body as it came
 * @property {{event: string, token: string, uuid: string, occurred_at: string}} body
 */

export class Integrator {
  #server = createServer((request, response) => this.#answer(request, response));
  /** @type {Delivery[]} */
  #deliveries = [];
  /** @type {Set<() => void>} */
  #onDelivery = new Set();
  origin = "";

  /** @returns {Promise<Integrator>} */
  static async start() {
    const integrator = new Integrator();
    await new Promise((resolve) => integrator.#server.listen(0, "127.0.0.1", () => resolve(undefined)));
    const { port } = /** @type {import("node:net").AddressInfo} */ (integrator.#server.address());
    integrator.origin = `http://127.0.0.1:${port}`;
    return integrator;
  }

  /** An address with a query and a fragment of its own, both of which have to survive. */
  get returnUrl() {
    return `${this.origin}/return?order=7&note=a%20b#receipt`;
  }

  get webhookUrl() {
    return `${this.origin}/webhook`;
  }

  /**
   * Resolves with the first delivery about a check.
   *
   * @param {string} token
   * @returns {Promise<Delivery>}
   */
  told(token) {
    return new Promise((resolve, reject) => {
      const look = () => {
        const delivery = this.#deliveries.find(({ body }) => body.token === token);
        if (delivery) finish(() => resolve(delivery));
      };
      const finish = (/** @type {() => void} */ settle) => {
        clearTimeout(timer);
        this.#onDelivery.delete(look);
        settle();
      };
      const timer = setTimeout(() => finish(() => reject(new Error("no webhook came"))), WEBHOOK_LIMIT_MS);
      this.#onDelivery.add(look);
      look();
    });
  }

  stop() {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(resolve));
  }

  /**
   * @param {import("node:http").IncomingMessage} request
   * @param {import("node:http").ServerResponse} response
   */
  async #answer(request, response) {
    if (request.method === "POST" && request.url === "/webhook") {
      const raw = await buffer(request);
      this.#deliveries.push({ headers: request.headers, raw, body: JSON.parse(raw.toString()) });
      response.writeHead(204).end();
      for (const look of [...this.#onDelivery]) look();
    } else {
      response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(RETURN_PAGE);
    }
  }
}
