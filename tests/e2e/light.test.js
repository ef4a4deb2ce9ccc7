/**
 * The screen as a lamp, and the way without it.
 */

import assert from "node:assert/strict";
import { emptyRoom, renderedHead } from "./lib/performance.js";
import { Prompter } from "./lib/prompter.js";
import { setStage } from "./lib/stage.js";
import { ATTEMPT_LIMIT_MS } from "./lib/visitor.js";

const COLOURS = ["#ff0000", "#00ff00", "#0000ff", "#ffff00", "#00ffff", "#ff00ff"];
/** What a face needs to be lit: all of the screen but a few words, a small picture and two buttons. */
const LEAST_SHARE = 0.85;
/** For text (WCAG 2.2, 1.4.3). */
const LEAST_CONTRAST = 4.5;
/** No four changes within it (WCAG 2.2, 2.3.1, with each change taken for a flash). */
const SECOND_MS = 1_000;
/** By how much a browser on a busy machine may show a colour sooner or later than another one. */
const JITTER_MS = 150;
/** From the last picture to the page's hearing of the end. */
const END_MS = 2_000;

const SCREENS = [
  { width: 390, height: 844 },
  { width: 320, height: 568 },
  { width: 844, height: 390 },
  { width: 1280, height: 720 },
];

const stage = setStage();

stage.scenario("who opens the link is told of the light before anything can begin", async ({ visitor }) => {
  const check = await stage.createCheck();
  const person = await visitor();
  for (const screen of SCREENS) {
    await person.page.setViewportSize(screen);
    await person.opens(check.url);
    await person.sees({ state: "intro" });
    const size = `${screen.width} x ${screen.height}`;
    const caution = await box(person, "#caution");
    assert.ok(caution.y < screen.height, `at ${size} the caution is out of sight`);
    for (const button of ["#start", "#start-without-light"]) {
      assert.ok((await box(person, button)).y >= caution.y + caution.height, `at ${size} ${button} hides the caution`);
    }
  }
  const described = await person.page.locator("#start").getAttribute("aria-describedby");
  assert.ok(described?.split(" ").includes("caution"));
});

stage.scenario("the way without light is as easy to find", async ({ visitor }) => {
  const check = await stage.createCheck();
  const person = await visitor();
  for (const screen of SCREENS) {
    await person.page.setViewportSize(screen);
    await person.opens(check.url);
    await person.sees({ state: "intro" });
    const [one, other] = [await looks(person, "#start"), await looks(person, "#start-without-light")];
    assert.deepEqual(other, one, `${screen.width} x ${screen.height}`);
  }
  for (const name of ["Start with coloured light", "Start without coloured light"]) {
    assert.equal(await person.page.getByRole("button", { name, exact: true }).count(), 1, name);
  }
  assert.deepEqual(await tabOrder(person, 2), ["start", "start-without-light"]);

  await person.page.emulateMedia({ reducedMotion: "reduce" });
  await person.opens(check.url);
  await person.sees({ state: "intro" });
  assert.deepEqual(await tabOrder(person, 2), ["start-without-light", "start"]);
  const [first, second] = [await box(person, "#start-without-light"), await box(person, "#start")];
  assert.ok(first.x < second.x && first.y === second.y);
});

for (const [button, way] of [
  ["start", "light"],
  ["start-without-light", "motion"],
]) {
  stage.scenario(`by keyboard, ${button} tells the service of the way and the camera`, async ({ visitor }) => {
    const { person, prompter } = await prompted(visitor, async ({ page }) => {
      await page.locator(`#${button}`).focus();
      await page.keyboard.press("Enter");
    });
    const [{ way: told, camera }] = prompter.starts;
    assert.equal(told, way);
    assert.deepEqual([camera.width, camera.height], [640, 480]);
    assert.equal(typeof camera.label, "string");
    assert.equal(await person.page.locator("#without-light").isVisible(), way === "light");
  });
}

stage.scenario("each colour fills the screen, and its words can be read", async ({ visitor }) => {
  const { person, prompter } = await prompted(visitor);
  for (const screen of SCREENS) {
    await person.page.setViewportSize(screen);
    for (const colour of COLOURS) {
      prompter.guides({ step: "light", colour });
      await person.sees({ state: "step", step: "light", colour });
      const { share, border } = await person.measuresScreen(colour);
      assert.ok(border && share >= LEAST_SHARE, `${colour} has ${share} of ${screen.width} x ${screen.height}`);
      for (const text of ["#instruction", "#detail", "#cancel", "#without-light"]) {
        const contrast = await contrastOf(person, text);
        assert.ok(contrast >= LEAST_CONTRAST, `${text} on ${colour}: ${contrast}`);
      }
    }
  }
  prompter.guides({ step: "hold" });
  await person.page.locator("html:not([data-colour])").waitFor({ state: "attached" });
});

stage.scenario("high contrast and the dark take no light away", async ({ visitor }) => {
  const { person, prompter } = await prompted(visitor);
  await person.page.emulateMedia({ forcedColors: "active", colorScheme: "dark" });
  prompter.guides({ step: "light", colour: "#00ff00" });
  await person.sees({ colour: "#00ff00" });
  const { share, border } = await person.measuresScreen("#00ff00");
  assert.ok(border && share >= LEAST_SHARE, String(share));
});

stage.scenario("no service can make the screen flash", async ({ visitor }) => {
  const { person, prompter } = await prompted(visitor);
  const before = (await person.seenColours()).length;
  // Forty colours at once, and steps without light between them.
  for (let round = 0; round < 40; round += 1) {
    prompter.guides({ step: "light", colour: COLOURS[round % COLOURS.length] });
    if (round % 7 === 0) prompter.guides({ step: "hold" });
    await person.page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 40)));
  }
  prompter.guides({ step: "light", colour: "#00ffff" });
  await person.sees({ colour: "#00ffff" });
  prompter.says({ type: "attempt_failed", reason: "time_out", attempts_left: 1 });
  await person.page.locator("html:not([data-colour])").waitFor({ state: "attached" });
  const seen = await person.seenColours();
  assert.ok(seen.length - before > 3, "there was something to hold back");
  assertCalm(seen);
});

stage.scenario("what is no colour lights nothing", async ({ visitor }) => {
  const { person, prompter } = await prompted(visitor);
  for (const colour of ["red", "url(https://example.com)", "#ff00000", 7]) {
    prompter.guides({ step: "light", colour: /** @type {any} */ (colour), hint: "hold-still" });
    await person.sees({ step: "light", hint: "hold-still" });
    assert.equal(await person.page.locator("html[data-colour]").count(), 0, String(colour));
    prompter.guides({ step: "hold" });
    await person.page.locator("html:not([data-hint])").waitFor({ state: "attached" });
  }
});

stage.scenario("who cannot stand the light goes on without", async ({ visitor }) => {
  const { person, prompter } = await prompted(visitor);
  prompter.guides({ step: "light", colour: "#ff0000" });
  await person.sees({ colour: "#ff0000" });
  const begun = prompter.started();
  await person.presses("without-light");
  await begun;
  await person.sees({ state: "framing" });
  assert.deepEqual(
    prompter.starts.map(({ way }) => way),
    ["light", "motion"],
  );
  assert.equal(await person.page.locator("#without-light").isVisible(), false);

  prompter.says({ type: "attempt_failed", reason: "time_out", attempts_left: 1 });
  await person.sees({ state: "error" });
  assert.deepEqual(await person.buttons(), ["Try again", "Leave"], "there is no light to do without");
});

stage.scenario("who failed with the light may try without", async ({ visitor }) => {
  const { person, prompter } = await prompted(visitor);
  prompter.says({ type: "attempt_failed", reason: "time_out", attempts_left: 2 });
  await person.sees({ state: "error" });
  assert.deepEqual(await person.buttons(), ["Try again", "Try again without coloured light", "Leave"]);
  const begun = prompter.started();
  await person.presses("again-without-light");
  await begun;
  assert.equal(prompter.starts.at(-1)?.way, "motion");
});

stage.scenario("the screen stays on while the check runs", async ({ visitor }) => {
  const { person, prompter } = await prompted(visitor, async ({ page }) => {
    await page.evaluate(() => {
      window.lock = { released: false, release: () => (window.lock.released = true) };
      Object.defineProperty(navigator, "wakeLock", { value: { request: async (kind) => kind === "screen" && window.lock } });
    });
    await page.locator("#start").click();
  });
  assert.equal(await person.page.evaluate(() => window.lock.released), false);
  prompter.says({ type: "end", outcome: "complete", return_to: null });
  await person.sees({ state: "done" });
  assert.equal(await person.page.evaluate(() => window.lock.released), true);
});

stage.scenario("the colours that were shown are those that the log has, as long as it says", async ({ visitor }) => {
  const check = await stage.createCheck();
  const person = await visitor();
  person.performs(await renderedHead());
  await person.opens(check.url);
  await person.presses("start");
  await person.sees({ state: "step", step: "light" }, ATTEMPT_LIMIT_MS);
  const colour = (await person.page.locator("html").getAttribute("data-colour")) ?? "";
  const { border } = await person.measuresScreen(colour);
  const stillShown = await person.page.locator(`html[data-colour="${colour}"]`).count();
  if (stillShown) assert.ok(border, `${colour} does not fill the screen`);
  await person.page.locator('html:not([data-step="light"])').waitFor({ state: "attached", timeout: ATTEMPT_LIMIT_MS });
  await person.page.locator("html:not([data-colour])").waitFor({ state: "attached" });
  const seen = await person.seenColours();
  assertCalm(seen);

  const events = await stage.service.events(check.uuid);
  const told = lightOf(events);
  const shown = seen.slice(seen.findIndex(({ step }) => step === "light")).slice(0, told.length + 1);
  assert.deepEqual(
    shown.slice(0, -1).map((one) => hexOf(one.colour)),
    told.slice(0, -1).map((one) => one.colour).concat(told.at(-1)?.colour ?? []),
  );
  for (const [index, { colour, ms }] of told.entries()) {
    const drawn = shown[index + 1].at - shown[index].at;
    // The last one stays until the end has come, which waits for the verdict to be recorded.
    const longer = index === told.length - 1 ? END_MS : JITTER_MS;
    assert.ok(drawn >= ms - JITTER_MS && drawn <= ms + longer, `${colour} was drawn for ${drawn} ms, and asked for ${ms} ms`);
  }
});

/**
 * A visitor whose page is led by a prompter, in front of an empty room.
 *
 * @param {() => Promise<import("./lib/visitor.js").Visitor>} visitor
 * @param {(person: import("./lib/visitor.js").Visitor) => Promise<void>} [begin] how the person begins
 */
async function prompted(visitor, begin = (person) => person.presses("start")) {
  const check = await stage.createCheck();
  const person = await visitor();
  person.performs(emptyRoom());
  const prompter = await Prompter.of(person.page);
  await person.opens(check.url);
  await person.sees({ state: "intro" });
  const begun = prompter.started();
  await begin(person);
  await begun;
  await person.sees({ state: "framing" });
  return { person, prompter };
}

/** Never more than three changes in a second. @param {{at: number}[]} seen */
function assertCalm(seen) {
  const changes = seen.slice(1).map(({ at }) => at);
  for (const [index, at] of changes.slice(3).entries()) {
    const span = at - changes[index];
    assert.ok(span > SECOND_MS, `four changes within ${span} ms`);
  }
}

/**
 * The colours that the service asked for in the first attempt, and for how long.
 *
 * @param {{type: string, data: any}[]} events
 * @returns {{colour: string, ms: number}[]}
 */
function lightOf(events) {
  const names = { red: COLOURS[0], green: COLOURS[1], blue: COLOURS[2], yellow: COLOURS[3], cyan: COLOURS[4], magenta: COLOURS[5] };
  const ends = events.filter(({ type }) => ["StepIssued", "SessionCompleted", "AttemptFailed"].includes(type));
  return ends.flatMap(({ data }, index) => {
    const [kind, name] = String(data.step ?? "").split("-");
    if (kind !== "light") return [];
    return [{ colour: names[name], ms: Date.parse(ends[index + 1].data.at) - Date.parse(data.at) }];
  });
}

/** @param {string} colour as the browser computes it */
function hexOf(colour) {
  const parts = colour.match(/\d+/g) ?? [];
  return `#${parts.map((part) => Number(part).toString(16).padStart(2, "0")).join("")}`;
}

/** @param {import("./lib/visitor.js").Visitor} person @param {string} selector */
async function box(person, selector) {
  const found = await person.page.locator(selector).boundingBox();
  assert.ok(found, `${selector} cannot be seen`);
  return found;
}

/** What makes a button be found. @param {import("./lib/visitor.js").Visitor} person @param {string} selector */
async function looks(person, selector) {
  const { y, width, height } = await box(person, selector);
  const style = await person.page.locator(selector).evaluate((button) => {
    const { backgroundColor, color, fontSize, fontWeight, borderWidth, opacity } = getComputedStyle(button);
    return { backgroundColor, color, fontSize, fontWeight, borderWidth, opacity, tabIndex: button.tabIndex };
  });
  return { ...style, y, width: Math.round(width), height };
}

/** Ids of what the keyboard comes to from the heading on. @param {import("./lib/visitor.js").Visitor} person @param {number} count */
async function tabOrder(person, count) {
  await person.page.locator("#intro-title").focus();
  const ids = [];
  for (let at = 0; at < count; at += 1) {
    await person.page.keyboard.press("Tab");
    ids.push(await person.page.evaluate(() => document.activeElement?.id));
  }
  return ids;
}

/** Contrast ratio of a text with the colour of the screen (WCAG 2). @param {import("./lib/visitor.js").Visitor} person @param {string} selector */
async function contrastOf(person, selector) {
  const [ink, ground] = await person.page
    .locator(selector)
    .evaluate((text) => [getComputedStyle(text).color, getComputedStyle(document.documentElement).backgroundColor]);
  const [darker, lighter] = [luminance(ink), luminance(ground)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

/** @param {string} colour */
function luminance(colour) {
  const linear = (colour.match(/\d+/g) ?? []).slice(0, 3).map((part) => {
    const share = Number(part) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
}
