import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { Flap } from "../../src/core/damping.ts";
import { HoldsFile } from "../../src/daemon/holds-file.ts";
import { Problems } from "../../src/daemon/problems.ts";
import { temporaryFolder } from "../checks/temporary.ts";
import { waitUntil } from "../lab/wait.ts";
import { manualClock, memoryLog, turn } from "./fixtures.ts";

const PREFIX = "192.0.2.0/24";
const MINUTE_MS = 60_000;

const flap = (withdrawnMs: number, returnedMs?: number): Flap => ({ withdrawnMs, returnedMs });

/** An agent's life in `folder`, whose wall clock is off by `offMs`. */
function live(folder: string, offMs = 0) {
  const clock = manualClock();
  const off = { ms: offMs };
  const steady = manualClock();
  const stepped = Object.assign(clock, {
    wallMs: () => steady.wallMs() + clock.nowMs() - steady.nowMs() + off.ms,
  });
  const problems = new Problems(stepped, memoryLog().log);
  const file = new HoldsFile(folder, stepped, problems);
  return { clock: stepped, off, problems, file, path: join(folder, "holds.json") };
}

/** Saved by a life at the beginning of 2026. */
async function saved(t: TestContext, ...agesMs: readonly number[]): Promise<string> {
  const folder = temporaryFolder(t);
  const { file, clock } = live(folder);
  file.save(new Map([[PREFIX, agesMs.map((ms) => flap(clock.nowMs() - ms))]]));
  await file.flush();
  return folder;
}

/** How long ago the withdrawals were, as another life sees it. */
function readAges({ file, clock }: ReturnType<typeof live>): number[] {
  return (file.load().get(PREFIX) ?? []).map(({ withdrawnMs }) => clock.nowMs() - withdrawnMs);
}

describe("holds.json", () => {
  it("tells the next life how long ago each withdrawal was, whatever its monotonic clock says", async (t) => {
    const folder = await saved(t, 5 * MINUTE_MS, MINUTE_MS);
    assert.match(readFileSync(join(folder, "holds.json"), "utf8"), /"2025-12-31T23:55:00.000Z"/);
    assert.deepEqual(readAges(live(folder, 7 * MINUTE_MS)), [12 * MINUTE_MS, 8 * MINUTE_MS]);
  });

  it("is read also where a killed agent had not given it its name yet", async (t) => {
    const folder = await saved(t, MINUTE_MS);
    renameSync(join(folder, "holds.json"), join(folder, "holds.json.new"));
    assert.deepEqual(readAges(live(folder)), [MINUTE_MS]);
  });

  it("tells which of them were over, and since when", async (t) => {
    const folder = temporaryFolder(t);
    const { file, clock } = live(folder);
    const history = new Map([
      [PREFIX, [flap(clock.nowMs() - 5000, clock.nowMs() - 2000), flap(clock.nowMs())]],
    ]);
    file.save(history);
    await file.flush();
    assert.deepEqual(live(folder).file.load(), history);
  });

  it("takes for now what a clock that was set back makes future", async (t) => {
    const folder = await saved(t, 5 * MINUTE_MS, MINUTE_MS);
    assert.deepEqual(readAges(live(folder, -2 * MINUTE_MS)), [3 * MINUTE_MS, 0]);
    assert.deepEqual(readAges(live(folder, -48 * 60 * MINUTE_MS)), [0, 0]);
  });

  it("is not moved by a step of the wall clock in the middle of a life", async (t) => {
    const folder = temporaryFolder(t);
    const one = live(folder);
    const history = new Map([[PREFIX, [flap(one.clock.nowMs() - MINUTE_MS)]]]);
    one.file.save(history);
    await one.file.flush();
    one.off.ms = 3_600_000;
    one.file.save(new Map(history));
    await one.file.flush();
    assert.deepEqual(readAges(live(folder, 3_600_000)), [MINUTE_MS]);
  });

  it("is written the last time for what was saved last, and not at all for nothing", async (t) => {
    const { file, path, clock } = live(temporaryFolder(t));
    file.save(new Map());
    await file.flush();
    assert.ok(!existsSync(path));
    for (let nth = 1; nth <= 20; nth += 1) {
      file.save(new Map([[PREFIX, Array.from({ length: nth }, () => flap(clock.nowMs()))]]));
    }
    await file.flush();
    assert.equal(readFileSync(path, "utf8").match(/2026/g)?.length, 20);
    file.save(new Map());
    await file.flush();
    assert.equal(readFileSync(path, "utf8"), '{"flaps":{}}\n');
  });

  it("is replaced while the one before is about to be synced, and that is no problem", async (t) => {
    const { path, clock } = live(temporaryFolder(t));
    const reports: string[] = [];
    const report = (_word: string, detail: string) => void reports.push(detail);
    const file = new HoldsFile(dirname(path), clock, { report, clear: () => {} });
    const agesMs: number[] = [];
    for (let nth = 1; nth <= 20; nth += 1) {
      rmSync(path, { force: true });
      file.save(new Map([[PREFIX, [flap(clock.nowMs() - nth * MINUTE_MS)]]]));
      while (!existsSync(path)) await turn();
      // As the second writing does, a little later.
      rmSync(path);
      agesMs[0] = nth * MINUTE_MS + 1000;
      file.save(new Map([[PREFIX, agesMs.map((ms) => flap(clock.nowMs() - ms))]]));
      await file.flush();
    }
    assert.deepEqual(reports, []);
    assert.deepEqual(readAges(live(dirname(path))), agesMs);
  });

  it("that a killed agent left without its name outlives another that is killed while it writes", async (t) => {
    const folder = await saved(t, MINUTE_MS);
    const path = join(folder, "holds.json");
    renameSync(path, `${path}.new`);
    live(folder).file.load();
    writeFileSync(`${path}.new`, '{"fla');
    assert.deepEqual(readAges(live(folder)), [MINUTE_MS]);
  });

  for (const garbage of ["", "null", "[]", "{}", '{"flaps":[]}', '{"flaps":{"192']) {
    it(`of ${JSON.stringify(garbage)} is moved aside and reported`, (t) => {
      const { file, path, problems } = live(temporaryFolder(t));
      writeFileSync(path, garbage);
      assert.deepEqual([...file.load()], []);
      assert.equal(readFileSync(`${path}.bad`, "utf8"), garbage);
      assert.equal(problems.list()[0]?.word, "holds-file");
    });
  }

  it("is used without the entries that make no sense, and says how many", (t) => {
    const { file, path, problems, clock } = live(temporaryFolder(t));
    const flaps = {
      [PREFIX]: [
        ["2025-12-31T23:59:00.000Z"],
        ["soon"],
        7,
        null,
        ["2025-12-31T23:58:00.000Z", "later"],
      ],
      "192.0.2.0/24 next-hop self\nshutdown": [["2025-12-31T23:59:00.000Z"]],
      "2001:DB8::/32": [["2025-12-31T23:59:00.000Z"]],
      "10.0.0.0/8": {},
    };
    writeFileSync(path, JSON.stringify({ flaps }));
    const ages = [...file.load()].map(([prefix, times]) => [
      prefix,
      times.map(({ withdrawnMs }) => clock.nowMs() - withdrawnMs),
    ]);
    assert.deepEqual(ages, [
      [PREFIX, [2 * MINUTE_MS, MINUTE_MS]],
      ["2001:db8::/32", [MINUTE_MS]],
    ]);
    assert.match(problems.list()[0]?.detail ?? "", /^Ignores 5 entries/);
  });

  it("that cannot be written is reported, tried again, and written when it can be", async (t) => {
    const { file, path, problems, clock } = live(temporaryFolder(t));
    mkdirSync(`${path}.new`);
    file.save(new Map([[PREFIX, [flap(clock.nowMs())]]]));
    await file.flush();
    assert.deepEqual(
      problems.list().map(({ word }) => word),
      ["holds-file"],
    );
    file.save(new Map([[PREFIX, [flap(clock.nowMs()), flap(clock.nowMs())]]]));
    await waitUntil("the second try", () => (clock.pending > 0 ? true : undefined));
    rmdirSync(`${path}.new`);
    clock.advance(5000);
    await file.flush();
    assert.equal(readFileSync(path, "utf8").match(/2026/g)?.length, 2);
    assert.deepEqual(problems.list(), []);
  });
});
