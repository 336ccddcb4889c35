import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { getTasks } from "node-cron";
import type { WindowPlan } from "../../src/config/plan.ts";
import type { Drain } from "../../src/core/inputs.ts";
import { Maintenance } from "../../src/daemon/maintenance.ts";
import { manualTimers } from "../checks/manual-timers.ts";

const MINUTE_MS = 60_000;

const WEEKLY: WindowPlan = {
  services: ["dns"],
  cron: "0 3 * * 0",
  forMs: 30 * MINUTE_MS,
  timezone: "UTC",
  reason: "weekly kernel window",
};

/** The 1st of February 2026 is a Sunday. */
const SUNDAY = "2026-02-01T02:59:00.000Z";

/** Windows under a clock that only the test moves; `set` steps the wall clock and nothing else. */
function kept(
  t: TestContext,
  at: string,
  windows: readonly WindowPlan[] = [WEEKLY],
  /** How far the monotonic clock moves with each reading, as a real one does. */
  readingMs = 0,
) {
  const timers = manualTimers();
  let wallAtZero = Date.parse(at) - timers.nowMs();
  let readings = 0;
  const clock = {
    ...timers,
    nowMs: () => timers.nowMs() + readingMs * (readings += 1),
    wallMs: () => wallAtZero + timers.nowMs(),
  };
  const told: (readonly Drain[])[] = [];
  const problems: (string | undefined)[] = [];
  const maintenance = new Maintenance({
    clock,
    changed: (drains) => void told.push(drains),
    problem: (detail) => void problems.push(detail),
  });
  t.after(() => maintenance.stop());
  const update = (next: readonly WindowPlan[]) => maintenance.update(next, ["dns", "web"]);
  update(windows);
  return {
    maintenance,
    told,
    problems,
    update,
    nowMs: () => timers.nowMs(),
    advance: (minutes: number) => timers.advance(minutes * MINUTE_MS),
    set: (to: string) => (wallAtZero = Date.parse(to) - timers.nowMs()),
    pending: () => timers.pending,
    /** What drains now, by when it began on the wall clock. */
    open: () =>
      (told.at(-1) ?? [])
        .filter(({ endsAtMs = Infinity }) => endsAtMs > timers.nowMs())
        .map(({ service, since }) => `${service} ${since?.slice(5, 16)}`),
    /** How many drains ever began. */
    begun: () =>
      new Set(told.flat().map(({ service, startedMs }) => `${service} ${startedMs}`)).size,
  };
}

describe("a maintenance window", () => {
  it("drains from its start to its end, and says who, why and until when", (t) => {
    const { advance, told, nowMs } = kept(t, SUNDAY);
    assert.deepEqual(told, []);
    advance(1);
    const startedMs = nowMs();
    assert.deepEqual(told, [
      [
        {
          service: "dns",
          kind: "window",
          reason: "weekly kernel window",
          by: "schedule",
          since: "2026-02-01T03:00:00.000Z",
          until: "2026-02-01T03:30:00.000Z",
          problem: undefined,
          startedMs,
          endsAtMs: startedMs + 30 * MINUTE_MS,
          gracefulMs: undefined,
          transient: false,
        },
      ],
    ]);
    advance(30);
    assert.equal(told.length, 1, "its end is left to whoever knows endsAtMs");
    advance(1);
    assert.deepEqual(told.at(-1), [], "then it is gone");
    advance(7 * 24 * 60 - 32);
    assert.equal(told.length, 2);
    advance(1);
    assert.equal(told.length, 3, "a week later it comes again");
  });

  it("drains for the rest of it when the agent starts in the middle, before it says that it runs", (t) => {
    const { told, nowMs } = kept(t, "2026-02-01T03:20:00.000Z");
    const [drain] = told[0] ?? [];
    assert.equal(drain?.since, "2026-02-01T03:00:00.000Z");
    assert.equal(drain?.endsAtMs, nowMs() + 10 * MINUTE_MS);
    assert.deepEqual(kept(t, "2026-02-01T03:30:00.000Z").told, []);
  });

  it("drains all services of the PoP, or several", (t) => {
    const all = { ...WEEKLY, services: ["_all"] };
    assert.deepEqual(kept(t, "2026-02-01T03:00:00.000Z", [all]).open(), ["_all 02-01T03:00"]);
    const two = { ...WEEKLY, services: ["dns", "web", "gone"] };
    assert.deepEqual(kept(t, "2026-02-01T03:00:00.000Z", [two]).open(), [
      "dns 02-01T03:00",
      "web 02-01T03:00",
    ]);
  });

  // The wall clock is set at 02:59 or, where it is said, later; then an hour passes.
  const steps: { name: string; before?: number; to: string; open: string[]; begun: number }[] = [
    { name: "forward over its start", to: "02-01T03:29:30", open: ["dns 02-01T03:00"], begun: 1 },
    { name: "forward over all of it", to: "02-01T03:30:00", open: [], begun: 0 },
    {
      name: "forward to just before it",
      to: "02-01T02:59:59",
      open: ["dns 02-01T03:00"],
      begun: 1,
    },
    {
      name: "back out of it",
      before: 2,
      to: "02-01T02:50:00",
      open: ["dns 02-01T03:00"],
      begun: 1,
    },
    { name: "back when it is over", before: 32, to: "02-01T02:59:30", open: [], begun: 1 },
    {
      name: "back within it",
      before: 20,
      to: "02-01T03:01:00",
      open: ["dns 02-01T03:00"],
      begun: 1,
    },
    {
      name: "forward out of it",
      before: 2,
      to: "02-01T05:00:00",
      open: ["dns 02-01T03:00"],
      begun: 1,
    },
    {
      name: "forward to the next one while it is open",
      before: 2,
      to: "02-08T03:10:00",
      open: ["dns 02-01T03:00", "dns 02-08T03:00"],
      begun: 2,
    },
  ];
  for (const { name, before = 0, to, open, begun } of steps) {
    it(`starts ${begun === 0 ? "not at all" : "once each time"} when the clock is set ${name}`, (t) => {
      const at = kept(t, SUNDAY);
      at.advance(before);
      at.set(`2026-${to}.000Z`);
      // 1.5 seconds
      at.advance(0.025);
      assert.deepEqual(at.open(), open);
      at.advance(60);
      assert.equal(at.begun(), begun);
    });
  }

  it("lasts as long as it says although the wall clock is set meanwhile", (t) => {
    for (const to of [
      "2026-02-01T03:29:00.000Z",
      "2026-02-01T02:00:00.000Z",
      "2030-01-01T00:00:00.000Z",
    ]) {
      const at = kept(t, SUNDAY);
      at.advance(11);
      at.set(to);
      at.advance(19.9);
      assert.deepEqual(at.open(), ["dns 02-01T03:00"]);
      at.advance(0.2);
      assert.deepEqual(at.open(), []);
    }
  });

  it("is found after the event loop stood still over its start", (t) => {
    const timers = manualTimers();
    const told: (readonly Drain[])[] = [];
    const clock = { ...timers, wallMs: () => Date.parse(SUNDAY) + timers.nowMs() - 1000 };
    const maintenance = new Maintenance({
      clock,
      changed: (d) => void told.push(d),
      problem: () => {},
    });
    t.after(() => maintenance.stop());
    maintenance.update([WEEKLY], ["dns"]);
    timers.stall(10 * MINUTE_MS);
    timers.advance(1000);
    assert.equal(told[0]?.[0]?.endsAtMs, 1000 + 31 * MINUTE_MS);
  });

  it("starts once on a day whose clocks skip or repeat it", (t) => {
    const nightly = { ...WEEKLY, cron: "30 2 * * *", timezone: "Europe/Berlin" };
    for (const [from, since] of [
      ["2026-03-29T00:00:00.000Z", "dns 03-29T01:30"],
      ["2026-10-25T00:00:00.000Z", "dns 10-25T00:30"],
    ] as const) {
      const at = kept(t, from, [nightly]);
      for (let hour = 0; hour < 20; hour += 1) at.advance(60);
      assert.equal(at.begun(), 1);
      const [drain] = at.told[0] ?? [];
      assert.equal(`dns ${drain?.since?.slice(5, 16)}`, since);
    }
  });
});

describe("a reload of maintenance windows", () => {
  const open = "2026-02-01T03:10:00.000Z";

  it("leaves one that stays as it is", (t) => {
    const { update, told, advance } = kept(t, open);
    advance(5);
    update([{ ...WEEKLY, cron: "0 4 * * 0" }, { ...WEEKLY }]);
    assert.equal(told.length, 1);
  });

  it("ends one that is gone, as over, and then drops it", (t) => {
    const { update, told, nowMs, advance, pending } = kept(t, open);
    update([]);
    assert.deepEqual(
      told.at(-1)?.map(({ endsAtMs }) => endsAtMs),
      [nowMs()],
    );
    advance(1);
    assert.deepEqual(told.at(-1), []);
    assert.equal(pending(), 0, "nothing is left to do");
  });

  it("changes one that is open without starting its stage again", (t) => {
    const { update, told, advance } = kept(t, open, [WEEKLY], 0.001);
    const [first] = told[0] ?? [];
    advance(5);
    update([{ ...WEEKLY, forMs: 60 * MINUTE_MS, reason: "longer" }]);
    const [over, changed] = told.at(-1) ?? [];
    assert.deepEqual([over?.reason, changed?.reason], ["weekly kernel window", "longer"]);
    assert.equal(changed?.startedMs, first?.startedMs);
    assert.equal(Math.round((changed?.endsAtMs ?? 0) - (over?.endsAtMs ?? 0)), 45 * MINUTE_MS);
  });

  it("brings one back as a new one", (t) => {
    const { update, told, nowMs, advance } = kept(t, open);
    advance(1);
    update([]);
    advance(0.01);
    update([WEEKLY]);
    assert.equal(told.at(-1)?.at(-1)?.startedMs, nowMs());
  });

  it("adds one that is due, without the same one twice", (t) => {
    const at = kept(t, open, []);
    assert.equal(at.pending(), 0);
    at.update([WEEKLY, WEEKLY]);
    assert.deepEqual(at.open(), ["dns 02-01T03:00"]);
  });

  it("says which window cannot be kept, and keeps the others", (t) => {
    const {
      open: now,
      problems,
      update,
    } = kept(t, open, [{ ...WEEKLY, timezone: "Mars/Base" }, WEEKLY]);
    assert.match(problems[0] ?? "", /^Cannot keep the window "0 3 \* \* 0": RangeError: /);
    assert.deepEqual(now(), ["dns 02-01T03:00"]);
    update([WEEKLY]);
    assert.equal(problems[1], undefined);
  });

  it("leaves nothing with node-cron", (t) => {
    const before = getTasks().size;
    const { update, maintenance } = kept(t, open);
    assert.equal(getTasks().size, before + 1);
    update([{ ...WEEKLY, reason: "another" }]);
    assert.equal(getTasks().size, before + 1);
    maintenance.stop();
    assert.equal(getTasks().size, before);
  });
});

it("node-cron rings at the start, before the agent would look by itself", async (t) => {
  t.mock.timers.enable({ apis: ["Date", "setTimeout"], now: Date.parse(SUNDAY) });
  const told: (readonly Drain[])[] = [];
  // Of this clock no timer ever ends.
  const clock = { ...manualTimers(), wallMs: () => Date.now() };
  const maintenance = new Maintenance({
    clock,
    changed: (d) => void told.push(d),
    problem: () => {},
  });
  maintenance.update([WEEKLY], ["dns"]);
  t.mock.timers.tick(MINUTE_MS - 1);
  assert.equal(told.length, 0);
  t.mock.timers.tick(1);
  // Its rings are asynchronous.
  for (let turns = 0; turns < 5; turns += 1) await Promise.resolve();
  assert.deepEqual(
    told[0]?.map(({ since }) => since),
    ["2026-02-01T03:00:00.000Z"],
  );
  maintenance.stop();
});
