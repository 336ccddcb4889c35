/** What earlier lives have left in state-dir and /run, after a power failure, a broken disk, or somebody's editor. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { parseConfig } from "../../../src/config/load.ts";
import { readLenient } from "../../../src/config/lenient.ts";
import { readNames } from "../../../src/config/names.ts";
import { startConfiguration } from "../../../src/daemon/configuration.ts";
import { HoldsFile } from "../../../src/daemon/holds-file.ts";
import { LastWord } from "../../../src/daemon/last-word.ts";
import { Lock } from "../../../src/daemon/lock.ts";
import { OpenDecisions } from "../../../src/daemon/open-decisions.ts";
import { OwnedFile } from "../../../src/daemon/owned.ts";
import { judgeStart } from "../../../src/daemon/start-verdict.ts";
import { readStarts, startsPath } from "../../../src/daemon/starts-file.ts";
import { prepareTransientFolder } from "../../../src/daemon/transient-folder.ts";
import { manualClock } from "../../daemon/fixtures.ts";
import { live, PREFIX_OF } from "../pop.ts";
import { goodRoute } from "../routes.ts";
import { target } from "../target.ts";
import { bytesOf, jsonOf, mutated, nasty, oddJson } from "../texts.ts";

const [LIFE, BOOT] = ["boot 1 2", "0a-1b"];
const IDLE_MAX_MS = 64_000;

/** A hundred thousand times a dozen files: no disk need turn for them. */
const MEMORY = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

const CONFIG =
  "services:\n  dns:\n    scope: local\n    prefixes: [192.0.2.0/32]\n    checks: { a: { type: tcp, host: 127.0.0.1, port: 1 } }\n";
const number = fc.constantFrom(0, 1, 1000, 61_000, -5, 1e15, 2 ** 53);
const date = fc.constantFrom(
  "2026-01-01T00:00:00.000Z",
  "2025-12-31T23:00:00Z",
  "2030-01-01T00:00:00Z",
  "yesterday",
  "1",
);
const prefix = fc.constantFrom(
  "192.0.2.0/32",
  "192.0.2.1/32",
  "198.51.100.0/24",
  "2001:db8::/48",
  "192.0.2.1/24",
);
const parsed = (text: fc.Arbitrary<string>): fc.Arbitrary<unknown> =>
  text.map((json): unknown => JSON.parse(json));
const lines = fc.array(fc.oneof(fc.constant("withdraw route 192.0.2.0/32 next-hop self"), nasty), {
  maxLength: 3,
});

const owned = jsonOf({
  life: fc.constant(LIFE),
  owned: fc.array(
    fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({
          route: goodRoute,
          services: fc.constant(["dns"]),
          isWithdrawn: fc.boolean(),
        }),
      },
      {
        weight: 1,
        arbitrary: parsed(
          jsonOf({ route: fc.oneof(goodRoute, nasty), services: fc.constantFrom(["dns"], [1]) }),
        ),
      },
    ),
    { maxLength: 3 },
  ),
});
const holds = jsonOf({
  flaps: fc.dictionary(
    fc.oneof(prefix, nasty),
    fc.array(fc.oneof(fc.array(fc.oneof(date, number), { maxLength: 3 }), nasty), { maxLength: 4 }),
    { maxKeys: 3 },
  ),
});
const draft = parsed(
  jsonOf({
    v: fc.constant(1),
    at: date,
    pop: nasty,
    reason: fc.constant("check-down"),
    actor: nasty,
    boot: fc.constant(BOOT),
    agent: nasty,
    prefixes: fc.array(prefix),
    commands: lines,
  }),
);
const word = jsonOf({
  boot: fc.constant(BOOT),
  at: date,
  monotonicMs: number,
  silentMs: number,
  ack: fc.constantFrom("done", "timeout"),
  services: fc.array(
    parsed(
      jsonOf({
        service: fc.oneof(fc.constant("dns"), nasty),
        prefixes: fc.array(prefix),
        commands: lines,
        missed: number,
      }),
    ),
    { maxLength: 3 },
  ),
});
const starts = fc
  .array(
    parsed(
      jsonOf({
        life: fc.constant(LIFE),
        pid: number,
        atMs: fc.oneof(fc.constantFrom(20_000, 40_000, 50_000, 61_000), number),
        idleMs: number,
        loopSinceMs: number,
        stage: fc.constantFrom("begun", "running", "clean"),
      }),
    ),
    { maxLength: 8 },
  )
  .map((all) => JSON.stringify(all));
const claim = fc.oneof(
  fc.tuple(number, number).map(([pid, start]) => `${pid}-${start}-of-1-1-in-${BOOT}`),
  fc.constantFrom("1-0-of-0-0-in-", "x", "99999999999999999999-1-of-1-1-in-0", ".new"),
);

/** As it was written, with a few bytes gone bad, or something else altogether. */
const stored = (right: fc.Arbitrary<string>): fc.Arbitrary<Buffer | undefined> =>
  fc.oneof(
    { weight: 1, arbitrary: fc.constant(undefined) },
    { weight: 6, arbitrary: right.map((text) => Buffer.from(text)) },
    { weight: 4, arbitrary: bytesOf(mutated(right)) },
    { weight: 1, arbitrary: bytesOf(fc.oneof(oddJson, nasty)) },
  );

const input = fc.record({
  owned: stored(owned),
  holds: stored(holds),
  word: stored(word),
  starts: stored(starts),
  drafts: stored(jsonOf({ drafts: fc.array(draft, { maxLength: 3 }) })),
  lastGood: stored(
    jsonOf({
      files: fc.array(
        parsed(jsonOf({ path: nasty, text: fc.oneof(mutated(fc.constant(CONFIG)), nasty) })),
        { maxLength: 2 },
      ),
    }),
  ),
  config: fc.oneof(
    { weight: 4, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: stored(mutated(fc.constant(CONFIG))) },
  ),
  marker: stored(nasty),
  claims: fc.array(claim, { maxLength: 3 }),
});

export const STATE = target(
  "state",
  "whatever the files of an earlier life say, the agent starts, and announces nothing that the plan does not have",
  () => {
    const root = mkdtempSync(join(MEMORY, "anyctl-fuzz-"));
    const reached = {
      owned: 0,
      flaps: 0,
      word: 0,
      drafts: 0,
      idles: 0,
      lastGood: 0,
      withdrawn: 0,
      bad: 0,
    };
    return {
      reached,
      input,
      close: () => rmSync(root, { recursive: true, force: true }),
      attempt(files) {
        const [stateDir, run] = [join(root, "state"), join(root, "run")];
        const socketPath = join(run, "agent.sock");
        const configPath = join(root, "anyctl.yaml");
        for (const folder of [join(stateDir, "lock"), run]) mkdirSync(folder, { recursive: true });
        try {
          const put = (path: string, bytes: Buffer | undefined): void => {
            if (bytes !== undefined) writeFileSync(path, bytes, { mode: 0o600 });
          };
          put(join(stateDir, "owned.json"), files.owned);
          put(join(stateDir, "holds.json"), files.holds);
          put(join(stateDir, "last-good.json"), files.lastGood);
          put(join(stateDir, "open-decisions.json"), files.drafts);
          put(join(run, "dead-man.json"), files.word);
          put(join(run, "exabgp-life"), files.marker);
          put(startsPath(socketPath), files.starts);
          put(configPath, files.config);
          for (const name of files.claims) writeFileSync(join(stateDir, "lock", name), "");

          const lenient = readLenient(configPath);
          assert.ok(lenient.stateDir.startsWith("/") && lenient.socketPath.startsWith("/"));
          for (const { name } of readNames(configPath)) assert.equal(typeof name, "string");
          starting(socketPath);
          const own = {
            boot: BOOT,
            self: { pid: 7, startTime: "7" },
            exabgp: { pid: 1, startTime: "1" },
          };
          const taken = new Lock({ stateDir, own, runs: () => false }).take();
          assert.equal(taken.outcome, "taken", "claims of the dead keep nobody waiting");
          assert.equal(
            prepareTransientFolder(socketPath, stateDir, LIFE, Number.NaN).problem,
            undefined,
          );
          const drafts = new OpenDecisions(stateDir, async () => {}).left(BOOT);
          if (drafts.length > 0) reached.drafts += 1;
          life(stateDir, socketPath, configPath);
        } finally {
          rmSync(stateDir, { recursive: true });
          rmSync(run, { recursive: true });
          rmSync(configPath, { force: true });
        }
      },
    };

    function starting(socketPath: string): void {
      const { idleMs, why } = judgeStart(readStarts(startsPath(socketPath)), 62_000);
      assert.ok(idleMs >= 0 && idleMs <= IDLE_MAX_MS, `idles ${idleMs} ms: ${why}`);
      if (idleMs > 0) reached.idles += 1;
    }

    function life(stateDir: string, socketPath: string, configPath: string): void {
      const clock = manualClock();
      const lastWord = new LastWord(socketPath, BOOT);
      const problems: string[] = [];
      const loaded = new OwnedFile(stateDir, LIFE).load((detail) => problems.push(detail));
      const known = lastWord.mark(loaded);
      if (problems.length > 0) reached.bad += 1;
      if (known.size > 0) reached.owned += 1;
      const word2 = lastWord.drafts({ pop: "fra1", boot: BOOT, agent: "0" });
      if (word2.length > 0) reached.word += 1;
      const effective = startConfiguration(configPath, stateDir, known, "fra1");
      if (effective.origin === "last-good") reached.lastGood += 1;
      if (effective.config !== undefined) parseConfig(effective.config.files, "fra1");
      const holdsFile = new HoldsFile(stateDir, clock, { report() {}, clear() {} });
      const flaps = lastWord.count(holdsFile.load(), clock.nowMs());
      if (flaps.size > 0) reached.flaps += 1;
      for (const all of flaps.values()) {
        for (const { withdrawnMs } of all)
          assert.ok(withdrawnMs <= clock.nowMs(), "no withdrawal is in the future");
      }
      const { announced, announcedAtOnce, withdrawn } = live(
        clock.nowMs(),
        { drains: [] },
        { owned: known, flaps },
      );
      const planned = new Set(PREFIX_OF.values());
      assert.deepEqual([...announcedAtOnce], [], "nothing is announced before a verdict");
      for (const one of announced)
        assert.ok(planned.has(one), `${one} is announced and in no plan`);
      for (const one of withdrawn) {
        assert.ok(planned.has(one) || known.has(one), `${one} is withdrawn and nobody's`);
      }
      if (withdrawn.size > 0) reached.withdrawn += 1;
    }
  },
);
