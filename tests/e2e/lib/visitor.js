/**
 * A person with a phone: a browser page of its own, whose camera is a stand-in.
 *
 * @typedef {import("./performance.js").Performance} Performance
 * @typedef {"start" | "start-without-light" | "decline" | "without-light" | "cancel" | "again" | "again-without-light" |
 *   "leave"} Button
 * @typedef {{state?: string, step?: string, hint?: string, colour?: string}} Marks what `<html data-*>` says
 * @typedef {{performance?: Performance, refusal?: string}} CameraAnswer
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { LIGHT_WATCH, OUT_DIR, STAND_IN } from "./places.js";

/** For a view that comes by itself: a frame or an answer of the service away, on a busy machine. */
const VIEW_LIMIT_MS = 10_000;
/** From Start to the end of an attempt: five turns, five looks ahead and two distances, at the pace of the slowest performance. */
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
    await visitor.page.addInitScript({ path: LIGHT_WATCH });
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

  /** Presses a button. @param {Button} button */
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

  /**
   * The colours in which the screen was drawn, since the page was opened: when, in milliseconds, and in which step.
   *
   * @returns {Promise<{at: number, colour: string, step: string | null}[]>}
   */
  seenColours() {
    return this.page.evaluate(() => window.seenColours);
  }

  /**
   * The share of the screen that has exactly this colour, by a picture of it, and whether its border is all of it; as it is
   * once what moves has come to its end.
   *
   * @param {string} colour `#rrggbb`
   * @returns {Promise<{share: number, border: boolean}>}
   */
  async measuresScreen(colour) {
    const picture = (await this.page.screenshot({ animations: "disabled" })).toString("base64");
    return this.page.evaluate(
      async ([src, wanted]) => {
        const image = Object.assign(new Image(), { src });
        await image.decode();
        const { naturalWidth: width, naturalHeight: height } = image;
        const context = new OffscreenCanvas(width, height).getContext("2d");
        context.drawImage(image, 0, 0);
        const { data } = context.getImageData(0, 0, width, height);
        const has = (x, y) => [0, 1, 2].every((i) => data[4 * (y * width + x) + i] === wanted[i]);
        let count = 0;
        let border = true;
        for (let y = 0; y < height; y += 1) {
          for (let x = 0; x < width; x += 1) {
            if (has(x, y)) count += 1;
            else if (x === 0 || y === 0 || x === width - 1 || y === height - 1) border = false;
          }
        }
        return { share: count / (width * height), border };
      },
      [`data:image/png;base64,${picture}`, [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16))],
    );
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
