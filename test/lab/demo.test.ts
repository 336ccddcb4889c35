/** `npm start` as a stranger runs it, in a pipe. Needs root. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { tryCommand } from "./command.ts";
import { namespacesOf } from "./demolish.ts";
import { identify, isRunning, processesIn, type ProcessIdentity } from "./process.ts";
import { type LabRecord, readRecords } from "./record.ts";

const DEMO = fileURLToPath(new URL("demo.js", import.meta.url));

/** What must be there, in this order; `[^]*?` skips what is between. */
const STORY = [
  "client in fra +fra1 +fra1\n +client in ams +ams1 +ams1\n +client in nyc +nyc1 +nyc1",
  "fra1: nginx is killed",
  "nginx +killed",
  "agent +first failed probe",
  "agent +decided: up -> down",
  "agent +wrote: withdraw route 192\\.0\\.2\\.0/24",
  "client +fra client is answered by (ams1|nyc1)",
  "client in fra +(ams1|nyc1) +(ams1|nyc1)",
  "fra1: nginx is back",
  "client in fra +fra1 +fra1",
  "\\$ anyctl drain web --graceful 2s --reason 'rack move, CHG-1234'",
  "web +draining +operator-drain",
  "\\$ anyctl why web",
  "web is drain(ing|ed)",
  "client in ams +(fra1|nyc1) +(fra1|nyc1)",
  "\\$ anyctl undrain web",
  "client in ams +ams1 +ams1",
  "\\$ anyctl status",
  "ams1 +web +up -> draining .*rack move, CHG-1234",
  "ams1 +web +draining -> drained .*rack move, CHG-1234",
  "Nothing is left behind",
];

/** What a lab consists of while it runs. */
interface Parts {
  readonly record: LabRecord;
  readonly namespaces: readonly string[];
  readonly processes: readonly ProcessIdentity[];
}

function partsOf(ownerPid: number | undefined): Parts | undefined {
  const record = readRecords().find(({ owner }) => owner.pid === ownerPid);
  if (record === undefined) return undefined;
  const namespaces = namespacesOf(record.id);
  const inodes = namespaces.map((name) => statSync(join("/run/netns", name)).ino);
  const processes = processesIn(new Set(inodes)).flatMap((pid) => identify(pid) ?? []);
  return { record, namespaces, processes };
}

/** Runs the demo to its end, and looks at its lab when everybody has answered for the first time. */
async function runDemo() {
  const demo = spawn(process.execPath, [DEMO], { stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  let parts: Parts | undefined;
  demo.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    if (stdout.includes("client in nyc")) parts ??= partsOf(demo.pid);
  });
  demo.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const [status]: unknown[] = await once(demo, "close");
  return { status, stdout, stderr, parts };
}

test("it tells the whole story in plain lines within a minute, and leaves nothing", async () => {
  const startedMs = performance.now();
  const { status, stdout, stderr, parts } = await runDemo();
  assert.equal(status, 0, stdout + stderr);
  assert.ok(performance.now() - startedMs < 60_000);
  assert.match(stdout, new RegExp(STORY.join("[^]*?")));
  // ExaBGP's answer, the router and the client race each other.
  assert.match(stdout, /ExaBGP +done/);
  assert.match(stdout, /BIRD +fra-transit lost 192\.0\.2\.0\/24/);
  assert.doesNotMatch(stdout, /[^\n -~]/, "printable ASCII only");
  assert.equal(stderr, "");

  assert.ok(parts, "its lab was seen");
  const { record, namespaces, processes } = parts;
  // Three regions, each a PoP, a router and a client; ExaBGP, the agent, nginx and BIRD in each.
  assert.ok(namespaces.length >= 9, namespaces.join(" "));
  assert.ok(processes.length >= 12, `${processes.length} processes ran`);
  assert.deepEqual(processes.filter(isRunning), []);
  assert.deepEqual(namespacesOf(record.id), []);
  assert.equal(existsSync(record.folder), false, `${record.folder} is left`);
  assert.deepEqual(
    readRecords().filter(({ id }) => id === record.id),
    [],
  );
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
