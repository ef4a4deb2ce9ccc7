/**
 * Programs that the tests run, and folders that they need; none of them outlives the tests.
 */

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Time for a program that does one thing and ends. */
const RUN_LIMIT_MS = 60_000;

/** @type {Set<import("node:child_process").ChildProcess>} */
const running = new Set();
/** @type {Set<string>} */
const folders = new Set();

// The last resort, where a test was torn down before it could tidy up; by itself a signal would skip it.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/**
 * Starts a program that is killed when the tests end.
 *
 * @param {string} file
 * @param {string[]} args
 */
export function start(file, args) {
  const child = spawn(file, args, { stdio: ["pipe", "pipe", "pipe"] });
  running.add(child);
  child.on("close", () => running.delete(child));
  return child;
}

/**
 * Runs a program to its end.
 *
 * @param {string} file
 * @param {string[]} args
 * @param {string | Buffer} [input]
 * @returns {Promise<{code: number | null, stdout: string, stderr: string}>}
 */
export function run(file, args, input = "") {
  return new Promise((resolve, reject) => {
    const child = start(file, args);
    const timer = setTimeout(() => child.kill("SIGKILL"), RUN_LIMIT_MS);
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (data) => (stdout += data));
    child.stderr.on("data", (data) => (stderr += data));
    // A program that does not read its input may be gone before all of it is written.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr });
    });
  });
}

/**
 * Runs a program that must succeed.
 *
 * @param {string} file
 * @param {string[]} args
 * @param {string | Buffer} [input]
 * @returns {Promise<string>} what it wrote
 */
export async function runWell(file, args, input) {
  const { code, stdout, stderr } = await run(file, args, input);
  if (code !== 0) throw new Error(`${file} ${args.join(" ")} exited with ${code}\n${stdout}${stderr}`);
  return stdout;
}

/** @returns {string} a new, empty folder */
export function makeFolder() {
  const folder = mkdtempSync(join(tmpdir(), "liveness-e2e-"));
  folders.add(folder);
  return folder;
}

/** @param {string} folder one that `makeFolder` made */
export function removeFolder(folder) {
  rmSync(folder, { recursive: true, force: true });
  folders.delete(folder);
}
