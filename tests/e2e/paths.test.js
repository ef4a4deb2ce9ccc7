/**
 * The ways that people take other than straight to the end.
 */

import assert from "node:assert/strict";
import { emptyRoom, flatPrint, renderedHead } from "./lib/performance.js";
import { Prompter } from "./lib/prompter.js";
import { setStage } from "./lib/stage.js";
import { ATTEMPT_LIMIT_MS } from "./lib/visitor.js";

const stage = setStage();

stage.scenario("who declines is sent back", async ({ visitor }) => {
  const check = await stage.createCheck();
  const person = await visitor();
  await person.opens(check.url);
  await person.presses("decline");
  assertReturned(await person.lands(), check.token, "consent_declined");
});

for (const [refusal, code, title] of [
  ["NotAllowedError", "camera_denied", "The camera is not allowed"],
  ["NotFoundError", "no_camera", "No camera was found"],
]) {
  stage.scenario(`who has no camera to give can leave: ${code}`, async ({ visitor }) => {
    const check = await stage.createCheck();
    const person = await visitor();
    person.refusesCamera(refusal);
    await person.opens(check.url);
    await person.presses("start");
    await person.sees({ state: "error" });
    assert.equal(await person.endingTitle(), title);
    assert.deepEqual(await person.buttons(), ["Try again", "Leave"]);
    await person.presses("leave");
    assertReturned(await person.lands(), check.token, code);
  });
}

stage.scenario("whose camera takes too small pictures is told so", async ({ visitor }) => {
  const check = await stage.createCheck();
  const person = await visitor();
  person.performs(emptyRoom({ width: 160, height: 120 }));
  await person.opens(check.url);
  await person.presses("start");
  await person.sees({ state: "error" });
  assert.equal(await person.endingTitle(), "The camera is too coarse");
  await person.presses("leave");
  assertReturned(await person.lands(), check.token, "no_camera");
});

stage.scenario("who allows the camera after all goes on", async ({ visitor }) => {
  const check = await stage.createCheck();
  const person = await visitor();
  person.refusesCamera("NotAllowedError");
  await person.opens(check.url);
  await person.presses("start");
  await person.sees({ state: "error" });
  person.performs(await renderedHead());
  await person.presses("again");
  await person.sees({ state: "step" });
  await person.presses("cancel");
  await person.lands();
});

stage.scenario("a long line has more than one picture on its way", async ({ visitor }) => {
  const check = await stage.createCheck();
  const person = await visitor();
  person.performs(emptyRoom());
  const prompter = await Prompter.of(person.page);
  prompter.lineMs = 1_000;
  prompter.silent = true;
  await person.opens(check.url);
  await person.presses("start");
  await person.sees({ state: "framing" });
  // The page waits once an answer is overdue; until then it has sent all that it may.
  await person.sees({ state: "wait" });
  assert.equal(prompter.pictures, 3);
});

stage.scenario("who cancels in the middle ends the check", async ({ visitor }) => {
  const check = await stage.createCheck();
  const person = await visitor();
  person.performs(await renderedHead());
  await person.opens(check.url);
  await person.presses("start");
  await person.sees({ state: "step" });
  await person.presses("cancel");
  assertReturned(await person.lands(), check.token, "cancelled");
  await assertGone(check.token);

  await person.opens(check.url);
  await person.sees({ state: "error" });
  assert.equal(await person.endingTitle(), "The check was cancelled");
});

stage.scenario("of two tabs the newer wins", async ({ visitor }) => {
  const check = await stage.createCheck();
  const head = await renderedHead();
  const [first, second] = [await visitor(), await visitor()];
  for (const person of [first, second]) person.performs(head);

  await first.opens(check.url);
  await first.presses("start");
  await first.sees({ state: "step" });
  await second.opens(check.url);
  await first.stillSees({ state: "step" });

  await second.presses("start");
  await first.sees({ state: "error" });
  assert.equal(await first.endingTitle(), "The check is open elsewhere");
  assert.deepEqual(await first.buttons(), ["Try again", "Leave"]);
  await second.sees({ state: "step" });
  await second.presses("cancel");
  await second.lands();
});

stage.scenario("a reload in the middle goes on with a new attempt", async ({ visitor }) => {
  const check = await stage.createCheck();
  const person = await visitor();
  person.performs(await renderedHead());
  await person.opens(check.url);
  await person.presses("start");
  await person.sees({ state: "step" });
  await person.page.reload();
  await person.sees({ state: "intro" });
  await person.presses("start");
  await person.sees({ state: "step" });
  await person.presses("cancel");
  await person.lands();

  const { stdout } = await stage.service.replay(check.uuid);
  assert.match(stdout, /attempt 1 +failed: connection_lost\n.*attempt 2 +challenge:/);
});

stage.scenario("who wants no more of the light goes on without", async ({ visitor }) => {
  const check = await stage.createCheck();
  const person = await visitor();
  person.performs(emptyRoom());
  await person.opens(check.url);
  await person.presses("start");
  await person.sees({ state: "framing", hint: "no-face" });
  await person.presses("without-light");
  await person.sees({ state: "framing", hint: "no-face" });
  await person.presses("cancel");
  await person.lands();

  const events = await stage.service.events(check.uuid);
  const ways = events.filter(({ type }) => type === "CaptureStarted").map(({ data }) => data.way);
  assert.deepEqual(ways, ["light", "motion"]);
  assert.equal(events.find(({ type }) => type === "AttemptFailed")?.data.reason, "connection_lost");
});

stage.scenario("a print that is never turned uses up all attempts", async ({ visitor }) => {
  const check = await stage.createCheck();
  const person = await visitor();
  person.performs(await flatPrint());
  await person.opens(check.url);
  await person.presses("start");
  for (const left of ["You have 2 tries left.", "You have one try left."]) {
    await person.sees({ state: "step" });
    await person.sees({ state: "error" }, ATTEMPT_LIMIT_MS);
    assert.equal(await person.endingTitle(), "That took too long");
    assert.equal(await person.page.locator("#ending-note").innerText(), left);
    await person.presses("again");
  }
  await person.sees({ state: "step" });
  await person.sees({ state: "error" }, ATTEMPT_LIMIT_MS);
  assert.equal(await person.endingTitle(), "No tries are left");
  assert.deepEqual(await person.buttons(), ["Return to 127.0.0.1"]);
  await person.presses("leave");
  assertReturned(await person.lands(), check.token, "attempts_exhausted");

  await assertGone(check.token);
  assert.equal((await stage.integrator.told(check.token)).body.event, "expired");
});

/** @param {URL} address @param {string} token @param {string} error */
function assertReturned(address, token, error) {
  assert.equal(address.searchParams.get("lc_token"), token);
  assert.equal(address.searchParams.get("error"), error);
}

/** @param {string} token */
async function assertGone(token) {
  const { status, body } = await stage.service.readCheck(token);
  assert.deepEqual([status, body.status], [410, 410]);
}
