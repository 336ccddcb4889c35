/** Files of drains and pins: any bytes, of any kind of file, put there by anybody. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import type { Drain, Pin } from "../../../src/core/inputs.ts";
import { drainFormat } from "../../../src/daemon/drain-file.ts";
import { OrderEntries, type OrderFormat } from "../../../src/daemon/order-entries.ts";
import { PIN_FORMAT } from "../../../src/daemon/pin-file.ts";
import { manualClock } from "../../daemon/fixtures.ts";
import { live, PREFIX_OF } from "../pop.ts";
import { waitingTarget } from "../target.ts";
import { babble, bytesOf, jsonOf, mutated, nasty, oddJson } from "../texts.ts";

const STRANGER = 54_321;
const WEEK_MS = 7 * 24 * 3_600_000;

const date = fc.oneof(
  fc.constantFrom(
    "2026-01-01T00:00:00Z",
    "2026-01-01T01:00:00.000Z",
    "2026-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59Z",
    "0000-01-01T00:00:00Z",
    "2025-12-31T23:59:59.999999999Z",
    "2026-02-30T00:00:00Z",
  ),
  mutated(fc.constant("2026-01-01T02:00:00Z"), fc.constantFrom("9", "-", "T", "Z", ".5", "")),
);
/** As the command line writes it. */
const right = fc
  .record({
    until: fc.constantFrom("2026-01-01T01:00:00Z", "2026-01-02T00:00:00Z", "2026-01-07T00:00:00Z"),
    reason: fc.oneof(nasty, fc.constant("CHG-1")),
  })
  .map(({ until, reason }) =>
    JSON.stringify({ reason, by: "uid:0(root)", since: "2026-01-01T00:00:00.000Z", until }),
  );
const content = fc.oneof(
  {
    weight: 9,
    arbitrary: jsonOf({
      reason: fc.oneof(nasty, fc.constant("CHG-1")),
      by: nasty,
      since: date,
      until: date,
      graceful: fc.constantFrom("5m", "0s", "5", "1000000h"),
    }),
  },
  {
    weight: 2,
    arbitrary: jsonOf({
      reason: nasty,
      undrain: fc.constant(true),
      clearHold: fc.boolean(),
      unpin: fc.constantFrom(true, false),
    }),
  },
  { weight: 3, arbitrary: right },
  { weight: 2, arbitrary: oddJson },
  {
    weight: 2,
    arbitrary: babble(["{", "}", '"undrain"', '"unpin"', ":", "true", ",", " ", "1", '"'], 14),
  },
  { weight: 1, arbitrary: nasty },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "",
      " \n",
      " ".repeat(20_000),
      `{"undrain":true,"x":"${"y".repeat(20_000)}"}`,
    ),
  },
);
const KINDS = [
  "file",
  "folder",
  "link",
  "dangling",
  "fifo",
  "writable",
  "stranger",
  "unowned",
] as const;
const input = fc.record({
  order: fc.constantFrom("drain" as const, "pin" as const),
  name: fc.constantFrom("dns", "web", "_all"),
  kind: fc.oneof(
    { weight: 12, arbitrary: fc.constant("file" as const) },
    { weight: 1, arbitrary: fc.constantFrom(...KINDS) },
  ),
  bytes: bytesOf(content),
});

/** What is read of one folder, once. */
async function look<T extends Drain | Pin>(folder: string, name: string, format: OrderFormat<T>) {
  const clock = manualClock();
  const entries = new OrderEntries<T>({ folder, format, clock, assertSameFolder: async () => {} });
  entries.owner = { uid: 0, gid: 0 };
  for (let times = 0; await entries.look(name); times += 1) assert.ok(times < 3, "looks for ever");
  const { orders = [], ends = [] } = entries.take() ?? {};
  return { orders, ends, problems: entries.problems, nowMs: clock.nowMs() };
}

/** Whether a file with these bytes may end a drain (`key` undrain) or a pin, judged anew. */
function mayEnd(bytes: Buffer, key: string): boolean {
  try {
    const value: unknown = JSON.parse(bytes.subarray(0, 16 * 1024).toString());
    return (
      typeof value === "object" &&
      value !== null &&
      Object.hasOwn(value, key) &&
      Reflect.get(value, key) === true
    );
  } catch {
    return false;
  }
}

function put(path: string, kind: (typeof KINDS)[number], bytes: Buffer): void {
  if (kind === "folder") {
    mkdirSync(join(path, "x"), { recursive: true });
    return;
  }
  if (kind === "fifo") {
    execFileSync("mkfifo", [path]);
    return;
  }
  if (kind === "link" || kind === "dangling") {
    if (kind === "link") writeFileSync(`${path}.target`, bytes);
    return symlinkSync(`${path}.target`, path);
  }
  writeFileSync(path, bytes, { mode: 0o644 });
  if (kind === "writable") chmodSync(path, 0o666);
  if (kind === "stranger") chownSync(path, STRANGER, STRANGER);
  if (kind === "unowned") chmodSync(path, 0);
}

export const ORDERS = waitingTarget(
  "orders",
  "any drain file drains unless it says clearly and rightfully that it ends one; no odd pin announces",
  () => {
    const root = mkdtempSync(join(tmpdir(), "anyctl-fuzz-"));
    const folder = join(root, "orders");
    mkdirSync(folder);
    const reached = {
      drains: 0,
      undrains: 0,
      pins: 0,
      unpins: 0,
      ignored: 0,
      problems: 0,
      over: 0,
    };
    return {
      reached,
      input,
      close: () => rmSync(root, { recursive: true, force: true }),
      async attempt({ order, name, kind, bytes }) {
        const path = join(folder, name);
        put(path, kind, bytes);
        const isRightful = kind === "file" || kind === "unowned";
        try {
          if (order === "drain") {
            const { orders, ends, nowMs } = await look(folder, name, drainFormat(false));
            const isEnd = isRightful && mayEnd(bytes, "undrain");
            assert.deepEqual([orders.length, ends.length], isEnd ? [0, 1] : [1, 0]);
            assert.equal(
              existsSync(path),
              !isEnd && kind !== "dangling",
              "only what ends a drain is consumed",
            );
            checkWords(orders, ends);
            if (isEnd) reached.undrains += 1;
            else drains(orders[0], nowMs, name);
          } else {
            const { orders, ends, problems, nowMs } = await look(folder, name, PIN_FORMAT);
            const isEnd = isRightful && mayEnd(bytes, "unpin");
            assert.equal(ends.length, isEnd ? 1 : 0);
            checkWords(orders, ends);
            if (isEnd) reached.unpins += 1;
            else if (orders[0] === undefined) {
              assert.equal(problems.length, 1);
              reached.ignored += 1;
            } else pins(orders[0], nowMs, isRightful);
          }
        } finally {
          for (const left of readdirSync(folder)) rmSync(join(folder, left), { recursive: true });
        }
      },
    };

    function drains(drain: Drain | undefined, nowMs: number, name: string): void {
      assert.ok(drain !== undefined);
      const { startedMs, endsAtMs, gracefulMs, problem } = drain;
      assert.ok(startedMs <= nowMs && (endsAtMs === undefined || Number.isFinite(endsAtMs)));
      assert.ok(gracefulMs === undefined || (gracefulMs >= 0 && gracefulMs <= WEEK_MS));
      reached.drains += 1;
      if (problem !== undefined) reached.problems += 1;
      const isOver = endsAtMs !== undefined && endsAtMs <= nowMs;
      if (isOver) reached.over += 1;
      const { announced } = live(nowMs, { drains: [drain] });
      const drained = name === "_all" ? ["dns", "web"] : [name];
      // In its stage a drain may announce other attributes; this service has none.
      for (const [service, prefix] of PREFIX_OF) {
        const isDrained = drained.includes(service) && !isOver;
        assert.equal(
          announced.has(prefix),
          !isDrained,
          `${service} ${isDrained ? "is drained" : "is not drained"}`,
        );
      }
    }

    function pins(pin: Pin, nowMs: number, isRightful: boolean): void {
      assert.ok(isRightful, "not the file of somebody who may pin");
      assert.ok(
        pin.endsAtMs - nowMs <= WEEK_MS && pin.reason.trim() !== "" && pin.service !== "_all",
      );
      reached.pins += 1;
      const isOver = pin.endsAtMs <= nowMs;
      const { announcedAtOnce } = live(nowMs, { drains: [], pins: [pin] });
      const expected = isOver ? [] : [PREFIX_OF.get(pin.service)];
      assert.deepEqual([...announcedAtOnce], expected);
    }
  },
);

function checkWords(
  orders: readonly (Drain | Pin)[],
  ends: readonly { readonly by: string; readonly reason: string }[],
): void {
  for (const { reason, by } of [...orders, ...ends]) {
    assert.ok(reason.length <= 1024);
    assert.match(by, /^(?:uid:\d+(?:\([\w.-]+\))?(?:, sudo by [\w.-]{1,64})?|unknown)$/);
  }
}
