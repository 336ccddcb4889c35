/** `npm start` as a stranger runs it, in a pipe. Needs root. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { tryCommand } from "./command.ts";
import { readRecords } from "./record.ts";

const DEMO = fileURLToPath(new URL("demo.js", import.meta.url));

/** What must be there, in this order; `[^]*?` skips what is between. */
const STORY = [
  "client in fra +fra1 +fra1\n +client in ams +ams1 +ams1\n +client in nyc +nyc1 +nyc1",
  "fra1: nginx is killed",
  "nginx +killed",
  "agent +first failed probe",
  "agent +decided: up -> down",
  "agent +wrote: withdraw route 192\\.0\\.2\\.0/24",
  "ExaBGP +done",
  "client +fra client is answered by (ams1|nyc1)",
  "client in fra +(ams1|nyc1) +(ams1|nyc1)",
  "fra1: nginx is back",
  "client in fra +fra1 +fra1",
  "\\$ anyctl drain web --reason 'rack move, CHG-1234'",
  "client in ams +(fra1|nyc1) +(fra1|nyc1)",
  "\\$ anyctl undrain web",
  "client in ams +ams1 +ams1",
  "\\$ anyctl status",
  "ams1 +web +up -> drained .*rack move, CHG-1234",
  "Nothing is left behind",
];

test("it tells the whole story in plain lines within a minute, and leaves nothing", async () => {
  const before = new Set(readRecords().map(({ id }) => id));
  const startedMs = performance.now();
  const { status, stdout, stderr } = await tryCommand(process.execPath, [DEMO]);
  assert.equal(status, 0, stdout + stderr);
  assert.ok(performance.now() - startedMs < 60_000);
  assert.match(stdout, new RegExp(STORY.join("[^]*?")));
  assert.match(stdout, /BIRD +fra-transit lost 192\.0\.2\.0\/24/);
  assert.doesNotMatch(stdout, /[^\n -~]/, "printable ASCII only");
  assert.equal(stderr, "");
  const owned = readRecords().filter(({ id, stays }) => stays && !before.has(id));
  assert.deepEqual(owned, []);
});

test("without root it says what to do", async () => {
  // In a user namespace without a mapping we are nobody, but can still read our own files.
  const { status, stdout, stderr } = await tryCommand("unshare", [
    "--user",
    process.execPath,
    DEMO,
  ]);
  assert.equal(status, 1);
  assert.equal(stdout, "");
  assert.match(stderr, /sudo npm start/);
});

test("--help explains, anything unknown is wrong usage", async () => {
  const help = await tryCommand(process.execPath, [DEMO, "--help"]);
  assert.equal(help.status, 0);
  assert.match(help.stdout, /--stay[^]*--down/);
  const unknown = await tryCommand(process.execPath, [DEMO, "--up"]);
  assert.equal(unknown.status, 2);
  assert.match(unknown.stderr, /'--up'[^]*Usage/);
});
