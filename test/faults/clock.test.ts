/** The clock of a PoP is set while services fail and recover: what it says, and what the router has in the end. Needs root. */
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { waitUntil, wallClockMs } from "../lab/wait.ts";
import { PATIENCE, waitForStatus } from "../wire/fixtures.ts";
import { createSessionLab, type SessionLab, UP_AT_LAST } from "./session-lab.ts";
import { createSetClock, hasFaketime } from "./set-clock.ts";

const HOUR_S = 3600;

const STEPS = [
  { name: "forward", aheadS: HOUR_S, says: /^the clock was set forward by 3600(\.\d)? s, \d/ },
  { name: "back", aheadS: 0, says: /^the clock was set back by 3600(\.\d)? s, \d/ },
];

const skip = hasFaketime ? false : "no faketime";

describe("a clock that is set by an hour, beyond the hold time", { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), "anyctl-clock-"));
  chmodSync(folder, 0o755);
  const clock = createSetClock(folder);
  let lab: SessionLab;
  before(async () => {
    lab = await createSessionLab(folder, clock);
  });
  after(async () => {
    await lab.mini.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const { name, aheadS, says } of STEPS) {
    test(`${name} ends ExaBGP's session, which the agent puts down to it, and decides nothing`, async () => {
      await lab.reset();
      const { pop } = lab.mini;
      const agent = pop.exabgp.agentPid();
      const decided = pop.audit().length;
      const sinceMs = wallClockMs();
      clock.set(aheadS);
      await lab.lost(sinceMs);
      const record = await waitUntil(
        "the record of the lost session",
        () =>
          pop
            .audit()
            .slice(decided)
            .find(({ reason }) => reason === "session-down"),
        { ...PATIENCE, everyMs: 100 },
      );
      assert.match(record.note ?? "", says);
      const { problems } = await waitForStatus(pop, "an answer", () => true);
      const words = problems.map(({ word }) => word);
      assert.ok(words.includes("clock-stepped"), words.join(", "));
      assert.ok(!words.includes("stalled"), words.join(", "));
      // The session may be back in the midst of it.
      await lab.tell();
      await lab.waitForTable(UP_AT_LAST);
      const about = pop.audit().slice(decided);
      // The drain of `away` is shorter than the step.
      assert.deepEqual(
        about.filter(({ service }) => service === "stays" || service === "away"),
        [],
      );
      assert.equal(pop.exabgp.agentPid(), agent, "the agent was not started again");
    });
  }
});
