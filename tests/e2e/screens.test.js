/**
 * Every view of the capture page, with a picture of each in `out/` to look at.
 */

import assert from "node:assert/strict";
import { emptyRoom, renderedHead, slowly } from "./lib/performance.js";
import { Prompter } from "./lib/prompter.js";
import { setStage } from "./lib/stage.js";
import { ATTEMPT_LIMIT_MS } from "./lib/visitor.js";

/** Further than the end of any link. */
const PAST_ITS_END = "30:00";
const LAPTOP = Object.freeze({ width: 1280, height: 800 });
const LYING_PHONE = Object.freeze({ width: 844, height: 390 });

const stage = setStage();

stage.scenario("the way to the end", async ({ visitor }) => {
  const check = await stage.createCheck();
  const person = await visitor();
  const allow = person.hesitates();
  await person.opens(check.url);
  await shot(person, "intro", { state: "intro" });
  await inOtherLooks(person, "intro", { state: "intro" });

  await person.presses("start");
  await shot(person, "camera", { state: "camera" });
  allow(slowly(await renderedHead()));
  const unseen = new Set(["turn-left", "turn-right", "hold", "nearer", "light"]);
  while (unseen.size > 0) {
    const step = await nextStep(person);
    if (unseen.delete(step)) await shot(person, step, { state: "step", step });
    await person.page.locator(`html:not([data-step="${step}"])`).waitFor({ state: "attached" });
  }
  await shot(person, "done", { state: "done" }, ATTEMPT_LIMIT_MS);
  await person.lands();

  await person.opens(check.url);
  await shot(person, "done-before", { state: "done" });
});

stage.scenario("nobody is there", async ({ visitor }) => {
  const check = await stage.createCheck();
  const person = await visitor();
  person.performs(emptyRoom());
  await person.opens(check.url);
  await person.presses("start");
  await shot(person, "framing", { state: "framing", hint: "no-face" });
  await inOtherLooks(person, "framing", { state: "framing" });
  await person.presses("cancel");
  await person.lands();
});

stage.scenario("steps that come by chance", async ({ visitor }) => {
  const check = await stage.createCheck();
  const person = await visitor();
  person.performs(await renderedHead());
  const prompter = await Prompter.of(person.page);
  await person.opens(check.url);
  const begun = prompter.started();
  await person.presses("start");
  await begun;
  for (const step of ["turn-up", "turn-down", "farther"]) {
    prompter.guides({ step, hint: "hold-still", progress: 0.4 });
    await shot(person, step, { step, hint: "hold-still" });
  }
  await inOtherLooks(person, "farther", { step: "farther" });
  for (const [name, colour] of Object.entries({ red: "#ff0000", blue: "#0000ff", yellow: "#ffff00" })) {
    prompter.guides({ step: "light", colour, progress: 0.7 });
    await shot(person, `light-${name}`, { step: "light", colour });
  }
  await inOtherLooks(person, "light-yellow", { colour: "#ffff00" });
  prompter.says({ type: "attempt_failed", reason: "time_out", attempts_left: 2 });
  await person.page.locator("html:not([data-colour])").waitFor({ state: "attached" });
  await shot(person, "error-time-out", { state: "error" });
});

stage.scenario("the service is silent", async ({ visitor }) => {
  const check = await stage.createCheck();
  const person = await visitor();
  person.performs(emptyRoom());
  // Who takes the socket over and never answers.
  await person.page.routeWebSocket(/\/ws$/, () => {});
  await person.opens(check.url);
  await person.presses("start");
  await shot(person, "wait", { state: "wait" });
});

stage.scenario("the camera is denied", async ({ visitor }) => {
  const check = await stage.createCheck();
  const person = await visitor();
  person.refusesCamera("NotAllowedError");
  await person.opens(check.url);
  await person.presses("start");
  await shot(person, "error-camera-denied", { state: "error" });
  assert.equal(await person.endingTitle(), "The camera is not allowed");
  await inOtherLooks(person, "error-camera-denied", { state: "error" });
});

stage.scenario("the link expires while the page is open", async ({ visitor }) => {
  const check = await stage.createCheck();
  const person = await visitor();
  await person.page.clock.install();
  await person.opens(check.url);
  await person.sees({ state: "intro" });
  await person.page.clock.fastForward(PAST_ITS_END);
  await shot(person, "error-expired", { state: "error" });
  assert.equal(await person.endingTitle(), "This link has expired");
  await person.presses("leave");
  assert.equal((await person.lands()).searchParams.get("error"), "expired");
});

stage.scenario("the link is unknown", async ({ visitor }) => {
  const person = await visitor();
  person.expects(/status of 404/);
  await person.opens(`${stage.service.url}/c/${"x".repeat(32)}`);
  await shot(person, "error-unknown", { state: "error" });
  assert.equal(await person.endingTitle(), "This link does not work");
  assert.deepEqual(await person.buttons(), []);
});

/**
 * Waits for a view, takes its picture and makes sure that it was this view's.
 *
 * @param {import("./lib/visitor.js").Visitor} person
 * @param {string} name
 * @param {import("./lib/visitor.js").Marks} marks
 * @param {number} [timeout]
 */
async function shot(person, name, marks, timeout) {
  await person.sees(marks, timeout);
  await person.takesScreenshot(name);
  await person.stillSees(marks);
}

/**
 * The same view in the dark, on a laptop and on a phone that lies on its side.
 *
 * @param {import("./lib/visitor.js").Visitor} person
 * @param {string} name
 * @param {import("./lib/visitor.js").Marks} marks
 */
async function inOtherLooks(person, name, marks) {
  const phone = person.page.viewportSize();
  await person.page.emulateMedia({ colorScheme: "dark" });
  await person.takesScreenshot(`${name}-dark`);
  await person.page.emulateMedia({ colorScheme: "light" });
  await person.page.setViewportSize(LAPTOP);
  await person.takesScreenshot(`${name}-laptop`);
  await person.page.setViewportSize(LYING_PHONE);
  await person.takesScreenshot(`${name}-lying`);
  await person.stillSees(marks);
  await person.page.setViewportSize(phone);
}

/** @param {import("./lib/visitor.js").Visitor} person @returns {Promise<string>} the step that is asked for next */
async function nextStep(person) {
  await person.sees({ state: "step" });
  return (await person.page.locator("html").getAttribute("data-step")) ?? "";
}
