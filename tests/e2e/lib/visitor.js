/**
 * A person with a phone: a browser page of its own, whose camera is a stand-in.
 *
 * @typedef {import("./performance.js").Performance} Performance
 * @typedef {{state?: string, step?: string, hint?: string}} Marks what `<html data-*>` says
 * @typedef {{performance?: Performance, refusal?: string}} CameraAnswer
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { OUT_DIR, STAND_IN } from "./places.js";

/** For a view that comes by itself: a frame or an answer of the service away, on a busy machine. */
const VIEW_LIMIT_MS = 10_000;
/** From Start to the end of an attempt: four turns and four looks ahead, at the pace of the slowest performance. */
export const ATTEMPT_LIMIT_MS = 45_000;

const PHONE = Object.freeze({
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
  locale: "en-GB",
});

export class Visitor {
  #context;
  /** Where the visitor may go: the service, and back to the integrator. */
  #origins;
  /** @type {string[]} */
  #complaints = [];
  /** @type {RegExp[]} */
  #expected = [];
  /** @type {() => CameraAnswer | Promise<CameraAnswer>} */
  #camera;
  /** @type {import("playwright-core").Page} */
  page;

  /**
   * @param {import("playwright-core").BrowserContext} context
   * @param {import("playwright-core").Page} page
   * @param {{service: string, integrator: string}} origins
   */
  constructor(context, page, origins) {
    this.#context = context;
    this.#origins = origins;
    this.#camera = () => {
      throw new Error("this visitor has no camera");
    };
    this.page = page;
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) this.#complain(`console: ${message.text()}`);
    });
    page.on("pageerror", (error) => this.#complain(`uncaught: ${error.stack}`));
    page.on("request", (request) => this.#watch(request));
  }

  /**
   * @param {import("playwright-core").Browser} browser
   * @param {{service: string, integrator: string}} origins
   */
  static async come(browser, origins) {
    const context = await browser.newContext(PHONE);
    const visitor = new Visitor(context, await context.newPage(), origins);
    await visitor.page.exposeFunction("openCamera", () => visitor.#camera());
    await visitor.page.addInitScript({ path: STAND_IN });
    return visitor;
  }

  /** Puts somebody before the camera. @param {Performance} performance */
  performs(performance) {
    this.#camera = () => ({ performance });
  }

  /** Lets the browser refuse the camera. @param {string} refusal the error's name */
  refusesCamera(refusal) {
    this.#camera = () => ({ refusal });
  }

  /**
   * Leaves the browser's question unanswered.
   *
   * @returns {(performance: Performance) => void} allows the camera
   */
  hesitates() {
    /** @type {(performance: Performance) => void} */
    let allow = () => {};
    const answer = new Promise((resolve) => {
      allow = (performance) => resolve({ performance });
    });
    this.#camera = () => answer;
    return allow;
  }

  /** Opens a link. @param {string} url */
  async opens(url) {
    await this.page.goto(url);
  }

  /** Presses a button. @param {"start" | "decline" | "cancel" | "again" | "leave"} button */
  async presses(button) {
    await this.page.locator(`#${button}`).click({ timeout: VIEW_LIMIT_MS });
  }

  /**
   * Waits until the page shows this.
   *
   * @param {Marks} marks
   * @param {number} [timeout]
   */
  async sees(marks, timeout = VIEW_LIMIT_MS) {
    await this.page.locator(selector(marks)).waitFor({ state: "attached", timeout });
  }

  /** Makes sure that the page shows this now. @param {Marks} marks */
  async stillSees(marks) {
    assert.equal(await this.page.locator(selector(marks)).count(), 1, `the page no longer shows ${selector(marks)}`);
  }

  /** The heading of the end that is shown. */
  endingTitle() {
    return this.page.locator("#ending-title").innerText();
  }

  /** Buttons that can be seen. */
  buttons() {
    return this.page.locator("button:visible").allInnerTexts();
  }

  /**
   * Waits until the visitor is back at the integrator.
   *
   * @param {number} [timeout]
   * @returns {Promise<URL>}
   */
  async lands(timeout = VIEW_LIMIT_MS) {
    await this.page.waitForURL((url) => url.origin === this.#origins.integrator, { timeout });
    return new URL(this.page.url());
  }

  /**
   * Decodes a picture as a browser does.
   *
   * @param {string} uri
   * @returns {Promise<{width: number, height: number}>}
   */
  decodes(uri) {
    return this.page.evaluate(async (src) => {
      const image = Object.assign(new Image(), { src });
      await image.decode();
      return { width: image.naturalWidth, height: image.naturalHeight };
    }, uri);
  }

  /** Takes a picture of the page, as it is once what moves has come to its end. @param {string} name */
  async takesScreenshot(name) {
    const file = `${name.replaceAll(/[^a-z0-9]+/gi, "-")}.png`;
    await this.page.screenshot({ path: join(OUT_DIR, file), animations: "disabled" });
  }

  /** Lets the browser complain of what is meant to go wrong. @param {RegExp} complaint */
  expects(complaint) {
    this.#expected.push(complaint);
  }

  /** Fails where the browser complained or asked anybody else for anything. */
  assertNothingUntoward() {
    assert.deepEqual(this.#complaints, []);
  }

  leaves() {
    return this.#context.close();
  }

  /** @param {string} complaint */
  #complain(complaint) {
    if (!this.#expected.some((pattern) => pattern.test(complaint))) this.#complaints.push(complaint);
  }

  /** @param {import("playwright-core").Request} request */
  #watch(request) {
    const { service, integrator } = this.#origins;
    const { origin } = new URL(request.url());
    const goesBack = origin === integrator && request.isNavigationRequest();
    if (origin !== service && !goesBack) this.#complain(`request to ${request.url()}`);
  }
}

/** @param {Marks} marks */
function selector(marks) {
  const parts = Object.entries(marks).map(([name, value]) => `[data-${name}="${value}"]`);
  return `html${parts.join("")}`;
}
