/** Reloads one after another, faster than a disk: the reloader alone, with files that are read at once. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { parseConfig, type LoadedConfig } from "../../src/config/load.ts";
import { startAgent } from "../../src/core/configure.ts";
import { step } from "../../src/core/agent.ts";
import { configSignature } from "../../src/daemon/config-signature.ts";
import { type Effective, startConfiguration } from "../../src/daemon/configuration.ts";
import { loadLastGood } from "../../src/daemon/last-good.ts";
import type { Loop } from "../../src/daemon/loop.ts";
import { Problems } from "../../src/daemon/problems.ts";
import { Reloader } from "../../src/daemon/reloader.ts";
import { temporaryFolder } from "../checks/temporary.ts";
import { waitUntil } from "../lab/wait.ts";
import { manualClock, memoryLog } from "./fixtures.ts";

/** A configuration of about `kib` KiB. */
function configOf(med: number, kib = 0): LoadedConfig {
  const text = `services:
  web:
    prefixes: [192.0.2.0/24]
    scope: local
    announce: { med: ${med} }
    checks: { port: { type: tcp, host: 127.0.0.1, port: 1 } }
${"#".repeat(kib * 1024)}
`;
  return parseConfig([{ path: "/anyctl.yaml", text }]);
}

type Read = () => Promise<LoadedConfig | readonly string[]>;

/** @param start What the agent goes by at first, if not `first`. */
function reloading(
  t: TestContext,
  first: LoadedConfig | undefined,
  read: Read,
  start?: (path: string, stateDir: string) => Effective,
) {
  const stateDir = temporaryFolder(t);
  const clock = manualClock();
  const { log } = memoryLog();
  const problems = new Problems(clock, log);
  const plan = first?.plan ?? { pop: "p", services: [] };
  let { state } = startAgent(plan, new Map(), [], clock.nowMs());
  const loop = {
    get state() {
      return state;
    },
    dispatch(input: Parameters<Loop["dispatch"]>[0]) {
      state = step(state, input, clock.nowMs()).state;
    },
  };
  const path = join(stateDir, "anyctl.yaml");
  const origin = first === undefined ? "none" : "file";
  const reloader = new Reloader(
    start?.(path, stateDir) ?? {
      origin,
      config: first,
      plan,
      problems: first === undefined ? ["there is none"] : [],
      signature: configSignature(path),
    },
    {
      path,
      stateDir,
      clock,
      log,
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all of it that a reload touches
      loop: loop as unknown as Loop,
      audit: { occurred() {}, rename() {} },
      problems,
      read,
      probe() {},
      listen() {},
      windows() {},
    },
  );
  t.after(() => reloader.stop());
  return { reloader, stateDir, clock, problems, path };
}

const ORDER = { actor: "agent", force: false } as const;

describe("the last good configuration", () => {
  it("is that of the last of many reloads, and whole", async (t) => {
    const count = 20;
    const configs = Array.from({ length: count }, (_, nth) => configOf(nth, 64 * (count - nth)));
    let next = 0;
    const read = () => Promise.resolve(configs[next++] ?? []);
    const { reloader, stateDir, problems } = reloading(t, configOf(1000), read);
    for (const { hash } of configs) {
      const told = await reloader.reload(ORDER);
      assert.ok(told !== "busy" && told.to === hash);
    }
    const last = configs.at(-1)?.hash;
    await waitUntil("the last", () => loadLastGood(stateDir)?.hash === last || undefined);
    await waitUntil("the end of writing", () =>
      readdirSync(stateDir).some((name) => name.endsWith(".new")) ? undefined : true,
    );
    assert.equal(loadLastGood(stateDir)?.hash, last);
    assert.deepEqual(problems.list(), []);
  });

  it("that a full disk has refused is kept when there is room again", async (t) => {
    const wanted = configOf(2);
    const { reloader, stateDir, clock, problems } = reloading(t, configOf(1), () =>
      Promise.resolve(wanted),
    );
    await waitUntil("the first", () => loadLastGood(stateDir) !== undefined || undefined);
    // In the way of the new file, as a full disk is.
    mkdirSync(join(stateDir, "last-good.json.new"));
    await reloader.reload(ORDER);
    const words = () => problems.list().map(({ word }) => word);
    await waitUntil("the problem", () => words().includes("last-good-file") || undefined);
    rmdirSync(join(stateDir, "last-good.json.new"));
    clock.advance(5000);
    await waitUntil("no problem", () => words().length === 0 || undefined);
    assert.equal(loadLastGood(stateDir)?.hash, wanted.hash);
  });
});

describe("an agent without a configuration", () => {
  it("sees that its file was mended while it read it for somebody else", async (t) => {
    const answers: ((read: readonly string[]) => void)[] = [];
    const reads: Read[] = [
      () => new Promise((resolve) => answers.push(resolve)),
      () => Promise.resolve(configOf(1)),
    ];
    const { reloader, clock, path } = reloading(t, undefined, () => reads.shift()?.() ?? hang());
    const asked = reloader.reload(ORDER);
    assert.notEqual(asked, "busy");
    writeFileSync(path, "mended\n");
    clock.advance(1000);
    answers[0]?.(["it was still broken"]);
    await asked;
    assert.equal(reloader.status.origin, "none");
    clock.advance(1000);
    await waitUntil("the mended file", () => reloader.status.origin === "file" || undefined);
  });

  it("sees that its file was mended between its first reading and the first look", async (t) => {
    const { reloader, clock } = reloading(
      t,
      undefined,
      () => Promise.resolve(configOf(1)),
      (path, stateDir) => {
        writeFileSync(path, "services: {}\n");
        const effective = startConfiguration(path, stateDir, new Map(), "p");
        writeFileSync(path, "services: {} # mended\n");
        return effective;
      },
    );
    assert.equal(reloader.status.origin, "none");
    clock.advance(1000);
    await waitUntil("the mended file", () => reloader.status.origin === "file" || undefined);
  });

  it("reads an unchanged file no second time", async (t) => {
    let reads = 0;
    const read = () => {
      reads += 1;
      return Promise.resolve(configOf(1));
    };
    const { clock } = reloading(t, undefined, read, (path, stateDir) => {
      writeFileSync(path, "services: {}\n");
      return startConfiguration(path, stateDir, new Map(), "p");
    });
    for (let second = 0; second < 10; second += 1) clock.advance(1000);
    assert.equal(reads, 0);
  });
});

function hang(): Promise<never> {
  return new Promise(() => {});
}
