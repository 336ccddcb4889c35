/** The tests that say something about ExaBGP, once more with another one. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, realpathSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, test } from "node:test";
import { tryCommand } from "../lab/command.ts";
import { detectExabgp } from "../lab/exabgp-program.ts";
import { REPOSITORY } from "../lab/repository.ts";

/** Of `dist/test/wire`: what happens there happens in the agent, whatever ExaBGP is above it. */
const NOT_AGAIN: Readonly<Record<string, string>> = {
  "hard-times": "stalls and lacks of the agent, and three minutes long",
  hold: "when the core lets a route come back",
  journal: "journald and the disk",
  "local-checks": "what the host knows of itself",
  watchdog: "what the agent makes of an ExaBGP that stands still, which is the kernel's doing",
  watch: "what nginx does to a held connection",
  windows: "when a window begins and ends",
};

const HELD = ["many-prefixes", "neighbors", "reconcile", "reload", "respawn", "stress"];

const PARTS = {
  /** What the agent relies on, and the templates. */
  answers: () => [...testsIn("exabgp"), "lab/template.test.js"],
  /** Attributes as they are sent, several sessions, MD5 and multihop; of routers, one will do. */
  routers: () =>
    ["bird", "next-hop-family", "two-upstreams", "vultr"].map((name) => `routers/${name}.test.js`),
  /** What ExaBGP holds, and what is made of it: a file of its own, so that two run side by side. */
  held: () => HELD.map(wireFile),
  /** What else a router sees. */
  wire: () => {
    const files = testsIn("wire");
    const others = [...HELD, ...Object.keys(NOT_AGAIN)].map(wireFile);
    for (const file of others) assert.ok(files.includes(file), `${file} is gone`);
    return files.filter((file) => !others.includes(file));
  },
};

/** Declares a test for each file of a part, and that it runs with the ExaBGP that is meant. */
export function sameSuite(suite: "trixie" | "sid", series: string, part: keyof typeof PARTS): void {
  const program = join(REPOSITORY, ".cache/exabgp", suite, "exabgp");
  describe(`with the ExaBGP of ${suite}`, () => {
    test(`which is ${series}`, async () => {
      assert.ok(existsSync(program), `${program} is missing: run scripts/exabgp-of ${suite}`);
      const { version } = await detectExabgp(program);
      assert.equal(version, basename(realpathSync(join(program, ".."))));
      assert.ok(version.startsWith(`${series}.`), `${suite} has ${version}`);
    });
    // They wait for routers and timers three quarters of their time.
    describe("passes", { concurrency: 2 }, () => {
      for (const file of PARTS[part]()) test(file, () => runAgain(file, program));
    });
  });
}

function wireFile(name: string): string {
  return `wire/${name}.test.js`;
}

function testsIn(folder: string): string[] {
  const names = readdirSync(join(REPOSITORY, "dist/test", folder));
  return names.filter((name) => name.endsWith(".test.js")).map((name) => `${folder}/${name}`);
}

/** The longest takes half a minute; it must end before run-tests ends this one without a word. */
const LIMIT_MS = 180_000;

/** One test file, as `node --test` runs it. It ends with this process, even if that is killed. */
async function runAgain(file: string, program: string): Promise<void> {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const limit = `--test-timeout=${LIMIT_MS}`;
  const node = [process.execPath, "--test", limit, "--test-reporter=tap"];
  const args = ["--pdeathsig", "TERM", ...node, join(REPOSITORY, "dist/test", file)];
  const { status, stdout, stderr } = await tryCommand("setpriv", args, {
    env: { ...env, ANYCTL_TEST_EXABGP: program },
  });
  const said = `${stdout}${stderr}`;
  assert.equal(status, 0, said);
  assert.ok(countOf(stdout, "pass") > 0, `no test ran: ${said}`);
  assert.equal(countOf(stdout, "pass"), countOf(stdout, "tests"), `some did not run: ${said}`);
}

/** One of the counts with which `node --test` ends. */
function countOf(tap: string, word: "tests" | "pass"): number {
  return Number(new RegExp(`^# ${word} (\\d+)$`, "m").exec(tap)?.[1]);
}
