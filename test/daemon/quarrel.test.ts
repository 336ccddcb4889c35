import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { fileURLToPath } from "node:url";
import { systemClock } from "../../src/daemon/clock.ts";
import { drainFormat } from "../../src/daemon/drain-file.ts";
import { waitUntil } from "../lab/wait.ts";
import { watchedFolder } from "./watched-folder.ts";

const OPERATOR = fileURLToPath(new URL("operator.js", import.meta.url));
const LANES = ["ann", "ben", "eve"];
const ROUNDS = 80;

it("operators at once never lose a drain, while others are consumed and end by themselves", async (t) => {
  const { folder, orders, changes } = await watchedFolder(t, drainFormat(false));
  let ends = 0;
  let expiries = 0;
  let seen = 0;
  // What the core does: it says when an order is over.
  const listen = () => {
    for (; seen < changes.length; seen += 1) {
      ends += changes[seen]?.ends.length ?? 0;
      for (const { service, endsAtMs } of changes[seen]?.orders ?? []) {
        if (endsAtMs === undefined) continue;
        expiries += 1;
        const leftMs = Math.max(0, endsAtMs - systemClock.nowMs());
        setTimeout(() => orders.expire(service), leftMs + 1);
      }
    }
  };
  const listening = setInterval(listen, 1);
  t.after(() => clearInterval(listening));
  const operators = LANES.map((lane) =>
    spawn(process.execPath, [OPERATOR, folder, lane, String(ROUNDS)], { stdio: "inherit" }),
  );
  const statuses = await Promise.all(operators.map((operator) => once(operator, "exit")));
  assert.deepEqual(
    statuses.map(([status]) => status as unknown),
    LANES.map(() => 0),
  );
  // The agent comes to agree with the folder, and leaves nothing aside.
  const told = () => changes.at(-1)?.orders ?? [];
  await waitUntil("agreement", () => {
    const written = readdirSync(folder).map((name) => {
      const { reason } = JSON.parse(readFileSync(join(folder, name), "utf8")) as { reason: string };
      return `${name} ${reason}`;
    });
    const seenNow = told().map(({ service, reason }) => `${service} ${reason}`);
    return seenNow.toSorted().join() === written.toSorted().join() || undefined;
  });
  const own = told().filter(({ service }) => service !== "shared");
  assert.equal(own.length, LANES.length * ROUNDS);
  assert.deepEqual(
    own.filter(({ reason }) => reason !== "last"),
    [],
  );
  t.diagnostic(`${ends} were ended, ${expiries} were over, in ${changes.length} changes`);
  assert.ok(
    ends > ROUNDS / 2 && expiries > ROUNDS / 4,
    `too little happened: ${ends}, ${expiries}`,
  );
});
