/**
 * The service under test: the built binary on a free port, with a data directory of its own.
 */

import { createInterface } from "node:readline";
import { LIVENESS_BIN, demand } from "./places.js";
import { makeFolder, removeFolder, run, runWell, start } from "./processes.js";

/** From the start to the line that tells the address: networks are loaded meanwhile. */
const START_LIMIT_MS = 30_000;
/** From SIGTERM to the end: the service lets open requests finish for up to 10 s. */
const STOP_LIMIT_MS = 15_000;
const REQUEST_LIMIT_MS = 10_000;

const ANNOUNCEMENT = /^liveness listens on (http:\/\/\S+)$/;

export class Service {
  #dataDir;
  #child;
  #ended;
  #key = "";
  #stderr = "";
  /** Where it is reached, without a slash at the end. */
  url = "";

  /** @param {string} dataDir */
  constructor(dataDir) {
    this.#dataDir = dataDir;
    this.#child = start(LIVENESS_BIN, [
      "serve",
      ...["--listen", "127.0.0.1:0"],
      ...["--data-dir", dataDir],
      "--allow-private-webhooks",
    ]);
    this.#child.stderr.on("data", (data) => (this.#stderr += data));
    this.#ended = new Promise((resolve) => this.#child.on("close", resolve));
  }

  /** @returns {Promise<Service>} one that listens, with a key */
  static async start() {
    demand(LIVENESS_BIN);
    const dataDir = makeFolder();
    const create = ["keys", "create", "--name", "e2e", "--scope", "api,audit", "--data-dir", dataDir];
    const key = (await runWell(LIVENESS_BIN, create)).trim();
    const service = new Service(dataDir);
    service.#key = key;
    try {
      service.url = await service.#announced();
    } catch (error) {
      await service.stop();
      throw error;
    }
    return service;
  }

  /** What it has logged so far. */
  get log() {
    return this.#stderr;
  }

  /** Ends it and removes its data. */
  async stop() {
    this.#child.kill("SIGTERM");
    let tooSlow = false;
    const timer = setTimeout(() => {
      tooSlow = true;
      this.#child.kill("SIGKILL");
    }, STOP_LIMIT_MS);
    await this.#ended;
    clearTimeout(timer);
    removeFolder(this.#dataDir);
    if (tooSlow) throw new Error(`the service did not end within ${STOP_LIMIT_MS} ms\n${this.#stderr}`);
  }

  /**
   * Asks for a check.
   *
   * @param {object} wanted fields of the request
   * @returns {Promise<{token: string, url: string, secret: string, uuid: string}>}
   */
  async createCheck(wanted) {
    const { status, body } = await this.#ask("POST", "/liveness_check", wanted);
    if (status !== 201) throw new Error(`POST /liveness_check: ${status} ${JSON.stringify(body)}`);
    return body;
  }

  /**
   * Reads a check.
   *
   * @param {string} token
   * @returns {Promise<{status: number, body: any}>}
   */
  readCheck(token) {
    return this.#ask("GET", `/liveness_check?token=${token}`);
  }

  /**
   * What happened in a session, as an auditor reads it.
   *
   * @param {string} uuid
   * @returns {Promise<{type: string, data: any}[]>}
   */
  async events(uuid) {
    /** @type {{type: string, data: any}[]} */
    const events = [];
    for (let from = 0; from !== null; ) {
      const { status, body } = await this.#ask("GET", `/liveness_checks/${uuid}/events?from=${from}`);
      if (status !== 200) throw new Error(`GET events: ${status} ${JSON.stringify(body)}`);
      events.push(...body.events);
      from = body.next ?? null;
    }
    return events;
  }

  /**
   * Recomputes a verdict as an auditor does.
   *
   * @param {string} uuid
   * @returns {Promise<{code: number | null, stdout: string, stderr: string}>}
   */
  replay(uuid) {
    return run(LIVENESS_BIN, ["replay", uuid, "--data-dir", this.#dataDir]);
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {object} [body]
   */
  async #ask(method, path, body) {
    const response = await fetch(this.url + path, {
      method,
      headers: { authorization: `Bearer ${this.#key}`, "content-type": "application/json" },
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(REQUEST_LIMIT_MS),
    });
    return { status: response.status, body: await response.json() };
  }

  /** @returns {Promise<string>} the address that the first line tells */
  #announced() {
    return new Promise((resolve, reject) => {
      const fail = (/** @type {string} */ why) => reject(new Error(`${why}\n${this.#stderr}`));
      const timer = setTimeout(() => fail("the service did not start in time"), START_LIMIT_MS);
      this.#child.on("error", reject);
      this.#ended.then((code) => fail(`the service ended with ${code}`));
      createInterface({ input: this.#child.stdout }).once("line", (line) => {
        clearTimeout(timer);
        const url = ANNOUNCEMENT.exec(line)?.[1];
        if (url) resolve(url);
        else fail(`the first line is not the address: ${line}`);
      });
    });
  }
}
