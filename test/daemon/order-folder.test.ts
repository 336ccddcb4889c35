import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { systemClock } from "../../src/daemon/clock.ts";
import { drainFormat } from "../../src/daemon/drain-file.ts";
import { PIN_FORMAT } from "../../src/daemon/pin-file.ts";
import { waitUntil } from "../lab/wait.ts";
import { put, watchedFolder } from "./watched-folder.ts";

const DRAINS = drainFormat(false);
const MINUTE_MS = 60_000;

/** RFC 3339, `ms` from now. */
const date = (ms: number) => new Date(Date.now() + ms).toISOString();

const expired = () => ({ reason: "over", since: date(-2 * MINUTE_MS), until: date(-MINUTE_MS) });

describe("a drain that is over", () => {
  it("takes its file with it", async (t) => {
    const { folder, orders, first, change } = await watchedFolder(t, DRAINS, (at) =>
      put(at, "dns", expired()),
    );
    assert.equal(first.orders.length, 1);
    const gone = await change(() => orders.expire("dns"));
    assert.deepEqual(gone, { orders: [], ends: [] });
    assert.deepEqual(readdirSync(folder), []);
  });

  it("leaves the file of whoever was quicker, also of one that nobody has told the core of", async (t) => {
    const { folder, orders, change } = await watchedFolder(t, DRAINS, (at) =>
      put(at, "dns", expired()),
    );
    const next = await change(() => {
      put(folder, "dns", { reason: "longer", until: date(MINUTE_MS) });
      orders.expire("dns");
    });
    assert.deepEqual(
      next.orders.map(({ reason }) => reason),
      ["longer"],
    );
    assert.deepEqual(readdirSync(folder), ["dns"]);
    // The core's word about the earlier one may come late.
    orders.expire("dns");
    const both = await change(() => put(folder, "web", ""));
    assert.equal(both.orders.length, 2);
    assert.deepEqual(readdirSync(folder), ["dns", "web"]);
  });

  it("does not come back when its file cannot be removed, and is tried again", async (t) => {
    const { folder, orders, complaint, change, problems } = await watchedFolder(t, DRAINS, (at) =>
      put(at, "dns", expired()),
    );
    // Nothing can be renamed onto a folder.
    mkdirSync(join(folder, ".consumed-dns", "x"), { recursive: true });
    const said = await complaint(() => orders.expire("dns"));
    assert.match(said ?? "", /Cannot remove "dns", which is over: /);
    const other = await change(() => put(folder, "web", ""));
    assert.deepEqual(
      other.orders.map(({ service }) => service),
      ["web"],
    );
    rmSync(join(folder, ".consumed-dns"), { recursive: true });
    await waitUntil("the removal", () => !existsSync(join(folder, "dns")) || undefined);
    await waitUntil(
      "the end of the complaint",
      () => problems.at(-1)?.[1] === undefined || undefined,
    );
  });
});

describe("the moments of an order", () => {
  it("stay while the clock steps, the file is touched or made anew with the same words", async (t) => {
    let stepMs = 0;
    const clock = { ...systemClock, wallMs: () => Date.now() + stepMs };
    const content = { reason: "CHG-1", since: date(0), until: date(10 * MINUTE_MS) };
    const { folder, first, changes, change } = await watchedFolder(
      t,
      DRAINS,
      (at) => put(at, "dns", content),
      clock,
    );
    stepMs = 3600_000;
    utimesSync(join(folder, "dns"), 1, 1);
    put(folder, "dns", content);
    const { orders } = await change(() => put(folder, "web", ""));
    assert.deepEqual(orders[0], first.orders[0]);
    assert.equal(changes.length, 2);
  });
});

describe("files of those who may not write in the folder", () => {
  const STRANGER = 54_321;

  it("drain, are reported, and end nothing", async (t) => {
    const { first } = await watchedFolder(t, DRAINS, (at) => {
      chownSync(at, 0, 12);
      put(at, "dns", { undrain: true });
      chownSync(join(at, "dns"), STRANGER, STRANGER);
      put(at, "web", { reason: "a member's, by the set-group-ID bit" });
      chownSync(join(at, "web"), STRANGER, 12);
    });
    assert.deepEqual(
      first.orders.map(({ by, problem }) => [by, problem]),
      [
        [`uid:${STRANGER}`, `belongs to uid ${STRANGER}, who is not in the folder's group`],
        [`uid:${STRANGER}`, undefined],
      ],
    );
  });

  it("are no pins", async (t) => {
    const { first, problems } = await watchedFolder(t, PIN_FORMAT, (at) => {
      put(at, "dns", { reason: "r", until: date(MINUTE_MS) });
      chownSync(join(at, "dns"), STRANGER, STRANGER);
      put(at, "web", { reason: "r", until: date(MINUTE_MS) });
      symlinkSync(join(at, "web"), join(at, "mail"));
    });
    assert.deepEqual(
      first.orders.map(({ service }) => service),
      ["web"],
    );
    assert.deepEqual(problems, [
      [
        "odd",
        `Ignores "dns": the file belongs to uid ${STRANGER}, who is not in the folder's group; Ignores "mail": the file is not a regular file`,
      ],
    ]);
  });

  it("a folder that everybody may write is reported until it is mended", async (t) => {
    const { folder, problems, complaint } = await watchedFolder(t, DRAINS, (at) =>
      chmodSync(at, 0o777),
    );
    assert.deepEqual(problems, [
      ["odd", `Everybody may write in "${folder}"; allowed: its owner and its group`],
    ]);
    assert.equal(await complaint(() => chmodSync(folder, 0o2770)), undefined);
  });
});

describe("a pin's end", () => {
  it("is consumed, with its owner as actor", async (t) => {
    const { folder, change } = await watchedFolder(t, PIN_FORMAT, (at) =>
      put(at, "dns", { reason: "r", until: date(MINUTE_MS) }),
    );
    const { orders, ends } = await change(() =>
      put(folder, "dns", { unpin: true, reason: "done" }),
    );
    assert.deepEqual(
      [orders, ends.map(({ service, reason }) => [service, reason])],
      [[], [["dns", "done"]]],
    );
    assert.deepEqual(readdirSync(folder), []);
  });

  it("is told once, even if its file cannot be taken away", async (t) => {
    const { folder, changes, change, problems } = await watchedFolder(t, PIN_FORMAT, (at) => {
      put(at, "dns", { reason: "r", until: date(MINUTE_MS) });
    });
    mkdirSync(join(folder, ".consumed-dns", "x"), { recursive: true });
    const { orders, ends } = await change(() =>
      put(folder, "dns", { unpin: true, reason: "done" }),
    );
    assert.deepEqual([orders.length, ends.length], [0, 1]);
    assert.match(problems.at(-1)?.[1] ?? "", /the file ends an order and cannot be taken away: /);
    await change(() => {
      utimesSync(join(folder, "dns"), 1, 1);
      put(folder, "web", { reason: "r", until: date(MINUTE_MS) });
    });
    assert.deepEqual(
      changes.map((one) => one.ends.length),
      [0, 1, 0],
    );
  });
});

describe("an agent without privileges", () => {
  it("loses no drain that it may not link, because it is another's", async (t) => {
    const { folder, first } = await watchedFolder(t, DRAINS, (at) => {
      writeFileSync(join(at, ".consumed-dns"), '{"reason":"the second operator"}', { mode: 0o644 });
      chownSync(at, 65_534, 65_534);
      chmodSync(join(at, ".."), 0o755);
      process.seteuid?.(65_534);
      t.after(() => process.seteuid?.(0));
      // What makes the case: else the kernel lets it pass.
      assert.throws(() => linkSync(join(at, ".consumed-dns"), join(at, "probe")), /EPERM/);
    });
    process.seteuid?.(0);
    assert.deepEqual(
      first.orders.map(({ reason }) => reason),
      ["the second operator"],
    );
    assert.deepEqual(readdirSync(folder), ["dns"]);
  });

  it("takes a file that it may not read for a drain", async (t) => {
    const { first } = await watchedFolder(t, DRAINS, (at) => {
      writeFileSync(join(at, "dns"), "x");
      chmodSync(join(at, "dns"), 0);
      chmodSync(join(at, ".."), 0o755);
      process.seteuid?.(65_534);
      t.after(() => process.seteuid?.(0));
      assert.throws(() => readFileSync(join(at, "dns")), /EACCES/);
    });
    process.seteuid?.(0);
    assert.deepEqual(
      first.orders.map(({ service, by, problem }) => [service, by, problem]),
      [["dns", "uid:0(root)", "cannot be read: EACCES"]],
    );
  });
});

describe("10,000 files", () => {
  it("do not hold up the one that has just changed", async (t) => {
    const { folder, first, change, tookMs } = await watchedFolder(t, DRAINS, (at) => {
      for (let nth = 0; nth < 10_000; nth += 1) writeFileSync(join(at, `rubbish-${nth}`), "");
      writeFileSync(join(at, "_all"), "");
    });
    assert.equal(first.orders.length, 10_000);
    assert.equal(first.orders[0]?.service, "_all");
    const heard: number[] = [];
    for (let nth = 0; nth < 5; nth += 1) {
      const beganMs = performance.now();
      await change(() => rmSync(join(folder, `rubbish-${nth}`)));
      heard.push(performance.now() - beganMs);
    }
    const median = heard.toSorted((one, other) => one - other)[2] ?? NaN;
    assert.ok(median < tookMs / 3, `heard after ${median} ms; all take ${tookMs} ms`);
  });
});
