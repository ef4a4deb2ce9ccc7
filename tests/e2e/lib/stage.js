/**
 * All that a browser test needs: the service, an integrator and a browser, for the tests of one file.
 */

import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { Integrator } from "./integrator.js";
import { CHROMIUM, demand } from "./places.js";
import { Service } from "./service.js";
import { Visitor } from "./visitor.js";

const BROWSER_FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Nothing that works takes so long; each wait within has a limit of its own. */
const SCENARIO_LIMIT_MS = 120_000;

/** Opens the stage before the tests of this file and closes it after them. */
export function setStage() {
  const stage = new Stage();
  before(() => stage.open());
  after(() => stage.close());
  return stage;
}

class Stage {
  /** @type {(() => Promise<unknown>)[]} what ends what was begun */
  #endings = [];
  /** @type {string[]} the checks of the test that runs */
  #checks = [];
  /** @type {import("playwright-core").Browser | undefined} */
  #browser;
  /** @type {Service} */
  service;
  /** @type {Integrator} */
  integrator;

  async open() {
    demand(CHROMIUM);
    this.service = await this.#begin(Service.start(), (service) => service.stop());
    this.integrator = await this.#begin(Integrator.start(), (integrator) => integrator.stop());
    const launch = chromium.launch({ executablePath: CHROMIUM, headless: true, args: BROWSER_FLAGS });
    this.#browser = await this.#begin(launch, (browser) => browser.close());
  }

  /** Ends everything, also where the end of one thing fails. */
  async close() {
    const ended = await Promise.allSettled(this.#endings.map((end) => end()));
    const failure = ended.find(({ status }) => status === "rejected");
    if (failure) throw failure.reason;
  }

  /**
   * A test with people in it. They leave in the end; what the service logged and recorded is told where it fails.
   *
   * @param {string} name
   * @param {(people: {visitor: () => Promise<Visitor>}) => Promise<void>} play
   * @param {{skip?: string | false}} [options]
   */
  scenario(name, play, { skip = false } = {}) {
    test(name, { timeout: SCENARIO_LIMIT_MS, skip }, async (t) => {
      const logged = this.service.log.length;
      this.#checks = [];
      /** @type {Visitor[]} */
      const visitors = [];
      const visitor = async () => {
        const origins = { service: this.service.url, integrator: this.integrator.origin };
        visitors.push(await Visitor.come(this.#browser, origins));
        return visitors.at(-1);
      };
      try {
        await play({ visitor });
        for (const visitor of visitors) visitor.assertNothingUntoward();
      } catch (error) {
        t.diagnostic(`the service logged:\n${this.service.log.slice(logged)}`);
        for (const uuid of this.#checks) t.diagnostic((await this.service.replay(uuid)).stdout);
        for (const [index, visitor] of visitors.entries()) await visitor.takesScreenshot(`failed ${name} ${index + 1}`);
        throw error;
      } finally {
        for (const visitor of visitors) await visitor.leaves();
      }
    });
  }

  /** Asks for a check as this stage's integrator. @param {object} [wanted] further fields of the request */
  async createCheck(wanted = {}) {
    const { returnUrl, webhookUrl } = this.integrator;
    const check = await this.service.createCheck({ return_url: returnUrl, webhook_url: webhookUrl, ...wanted });
    this.#checks.push(check.uuid);
    return check;
  }

  /**
   * @template T
   * @param {Promise<T>} beginning
   * @param {(begun: T) => Promise<unknown>} end
   */
  async #begin(beginning, end) {
    const begun = await beginning;
    this.#endings.push(() => end(begun));
    return begun;
  }
}
