/**
 * From the link to the verdict: real people and a rendered head pass, who turns the wrong way does not.
 */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { alwaysTheOtherWay, filmed, mistakenAtFirst, renderedHead } from "./lib/performance.js";
import { CLIPS_DIR } from "./lib/places.js";
import { runWell } from "./lib/processes.js";
import { setStage } from "./lib/stage.js";
import { ATTEMPT_LIMIT_MS } from "./lib/visitor.js";

const CLIP = "d3.mp4";
const AUDIT_IMAGES = 2;
/** From the start to the verdict, for somebody who reacts within half a second. */
const CAPTURE_LIMIT_MS = 20_000;

const stage = setStage();

for (const start of /** @type {const} */ (["start", "start-without-light"])) {
  const film = async ({ visitor }) => passes(await visitor(), await filmed(CLIP), start);
  stage.scenario(`a real person passes, ${start}: ${CLIP}`, film, {
    skip: !existsSync(join(CLIPS_DIR, CLIP)) && `needs ${join(CLIPS_DIR, CLIP)}, which is no part of the repository`,
  });

  const play = async ({ visitor }) => passes(await visitor(), await renderedHead(), start);
  stage.scenario(`a rendered head passes, ${start}`, play);
}

stage.scenario("who turns the wrong way first does not pass", async ({ visitor }) => {
  const check = await stage.createCheck();
  const person = await visitor();
  person.performs(mistakenAtFirst(await renderedHead()));
  await person.opens(check.url);
  await person.presses("start");
  await person.sees({ state: "step", hint: "other-way" });
  await person.sees({ state: "done" }, ATTEMPT_LIMIT_MS);
  await person.lands();

  const { status, body } = await stage.service.readCheck(check.token);
  assert.equal(status, 200);
  assert.equal(body.result.passed, false);
  assert.deepEqual(body.result.reasons, ["turned_wrong_way"]);
  assert.ok(body.result.confidence <= body.result.threshold);
});

stage.scenario("who always turns the wrong way gets no verdict", async ({ visitor }) => {
  const check = await stage.createCheck();
  const person = await visitor();
  person.performs(alwaysTheOtherWay(await renderedHead()));
  await person.opens(check.url);
  await person.presses("start");
  await person.sees({ state: "step", hint: "other-way" });
  await person.sees({ state: "error" }, ATTEMPT_LIMIT_MS);
  assert.equal(await person.endingTitle(), "That took too long");

  const { status } = await stage.service.readCheck(check.token);
  assert.equal(status, 202);
});

/**
 * Goes the whole way once, and makes sure of all that an integrator and an auditor rely on.
 *
 * @param {import("./lib/visitor.js").Visitor} person
 * @param {import("./lib/performance.js").Performance} performance
 * @param {"start" | "start-without-light"} start the way that the person chooses
 */
async function passes(person, performance, start) {
  const check = await stage.createCheck({ audit_images: AUDIT_IMAGES });
  person.performs(performance);
  await person.opens(check.url);
  await person.sees({ state: "intro" });
  await person.presses(start);
  await person.sees({ state: "step" });
  await person.sees({ state: "done" }, ATTEMPT_LIMIT_MS);
  await assertWayAndTime(check.uuid, start);

  assertReturned(await person.lands(), check.token);
  await assertPassed(check);
  await assertImages(check.token, person);
  await assertTold(check);
}

/**
 * One attempt was enough, of the way that was chosen, and not a long one; nothing had to stand in for the light.
 *
 * @param {string} uuid
 * @param {"start" | "start-without-light"} start
 */
async function assertWayAndTime(uuid, start) {
  const events = await stage.service.events(uuid);
  const [begun, ...more] = events.filter(({ type }) => type === "CaptureStarted");
  assert.deepEqual([begun.data.way, more.length], [start === "start" ? "light" : "motion", 0]);
  const steps = events.filter(({ type }) => type === "StepIssued").map(({ data }) => data.step);
  assert.equal(steps.at(-1).startsWith("light-"), start === "start", steps.join(" "));
  const completed = events.find(({ type }) => type === "SessionCompleted");
  const ms = Date.parse(completed?.data.at) - Date.parse(begun.data.at);
  assert.ok(ms < CAPTURE_LIMIT_MS, `it took ${ms} ms`);
}

/** @param {URL} address @param {string} token */
function assertReturned(address, token) {
  const expected = new URL(stage.integrator.returnUrl);
  expected.searchParams.append("lc_token", token);
  assert.deepEqual([...address.searchParams], [...expected.searchParams]);
  assert.equal(address.pathname, expected.pathname);
  assert.equal(address.hash, expected.hash);
}

/** The reader and the auditor come to the same verdict. @param {{token: string, uuid: string}} check */
async function assertPassed({ token, uuid }) {
  const { status, body } = await stage.service.readCheck(token);
  const replay = await stage.service.replay(uuid);
  assert.equal(status, 200);
  assert.equal(body.status, "complete");
  assert.equal(body.result.passed, true, `${JSON.stringify(body.result.reasons)}\n${replay.stdout}`);
  assert.ok(body.result.confidence > body.result.threshold);

  assert.equal(replay.code, 0, replay.stdout + replay.stderr);
  assert.match(replay.stdout, /^the verdicts are equal$/m);
  assert.ok(replay.stdout.includes(`passed, confidence ${body.result.confidence.toFixed(1)} over`), replay.stdout);
}

/** @param {string} token @param {import("./lib/visitor.js").Visitor} person whose browser decodes the images */
async function assertImages(token, person) {
  const { result } = (await stage.service.readCheck(token)).body;
  assert.equal(result.audit_images.length, AUDIT_IMAGES);
  for (const { image, bounding_box: box } of [result, ...result.audit_images]) {
    assert.match(image, /^data:image\/jpeg;base64,/);
    const { width, height } = await person.decodes(image);
    assert.ok(width >= 240 && height >= 240, `${width} x ${height}`);
    for (const ratio of [box.left, box.top, box.left + box.width, box.top + box.height]) {
      assert.ok(ratio >= 0 && ratio <= 1, JSON.stringify(box));
    }
  }
}

/** The webhook came and another program finds its signature right. @param {{token: string, uuid: string, secret: string}} check */
async function assertTold({ token, uuid, secret }) {
  const { headers, raw, body } = await stage.integrator.told(token);
  assert.match(String(headers["content-type"]), /^application\/json/);
  assert.deepEqual([body.event, body.uuid], ["complete", uuid]);
  const digest = await runWell("openssl", ["dgst", "-sha256", "-hmac", secret], raw);
  assert.equal(headers.signature, digest.trim().split(" ").at(-1));
}
