/** What the status and `why` tell of events. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { pass } from "../../checks/probe.ts";
import { step } from "../../src/core/agent.ts";
import { startAgent } from "../../src/core/configure.ts";
import { servicesStatus } from "../../src/core/status.ts";
import { whyService } from "../../src/core/why.ts";
import { planOf } from "../daemon/fixtures.ts";

it("an event is told with its date until the next one, and whether it is settled", () => {
  let { state } = startAgent(planOf("web"), new Map(), [], 0);
  const checkAt = (nowMs: number) => {
    const moment = { nowMs, wallMs: Date.UTC(2026, 0, 1) + nowMs };
    const around = {
      moment,
      sessions: [],
      exabgp: { phase: "ready", acks: "on" },
      config: { origin: "file", current: true },
      sent: new Map(),
    } as const;
    const [service] = servicesStatus(state, moment, new Map(), (check) => check === "web/port");
    return {
      listening: service?.checks[0]?.listening,
      event: service?.checks[0]?.event,
      why: whyService(state, "web", around)?.because.join(" "),
    };
  };
  const check = "web/port";
  const passAt = (nowMs: number) => {
    const input = {
      type: "result",
      check,
      result: pass(),
      startedMs: nowMs,
      elapsedMs: 1,
    } as const;
    ({ state } = step(state, input, nowMs + 1));
  };
  passAt(1000);
  assert.deepEqual(checkAt(1500).listening, true);
  assert.equal(checkAt(1500).event, undefined);
  assert.doesNotMatch(checkAt(1500).why ?? "", /event/);
  const event = { type: "event", check, word: "connection-lost", detail: "closed" } as const;
  ({ state } = step(state, event, 2000));
  const at = "2026-01-01T00:00:02.000Z";
  const told = { word: "connection-lost", detail: "closed", at };
  assert.deepEqual(checkAt(2500).event, { ...told, settled: false });
  assert.match(
    checkAt(5000).why ?? "",
    /; last event connection-lost \(closed\) 3s ago, probed every 100ms since\./,
  );
  passAt(2600);
  assert.deepEqual(checkAt(2700).event, { ...told, settled: true });
  assert.match(checkAt(5000).why ?? "", /; last event connection-lost \(closed\) 3s ago\./);
});
