/** What a scrape says, and what it costs the event loop. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Gauge } from "../../src/daemon/metrics/prom-client.ts";
import { fail, inconclusive, pass, type Result } from "../../checks/probe.ts";
import type { Plan } from "../../src/config/plan.ts";
import { step } from "../../src/core/agent.ts";
import { startAgent } from "../../src/core/configure.ts";
import type { Drain, Input } from "../../src/core/inputs.ts";
import type { SentUpdate } from "../../src/core/status.ts";
import { Problems } from "../../src/daemon/problems.ts";
import { expose } from "../../src/daemon/metrics/exposition.ts";
import { gauges } from "../../src/daemon/metrics/family.ts";
import { Metrics } from "../../src/daemon/metrics/metrics.ts";
import { drain } from "../core/fixtures.ts";
import { promtool } from "./promtool.ts";
import { manualClock, memoryLog, planOf } from "./fixtures.ts";

/** Longer than a text is kept. */
const NEXT_SCRAPE_MS = 1001;

/** An agent's state, what ExaBGP says, and the metrics made of both. */
function metering(plan: Plan = planOf("dns")) {
  const clock = manualClock();
  let { state } = startAgent(plan, new Map(), [], clock.nowMs());
  const sessions = new Map<string, { neighbor: string; state: "up" | "down"; reason: string }>();
  const sent = new Map<string, SentUpdate[]>();
  const problems = new Problems(clock, memoryLog().log);
  let exabgp = "4.2.21";
  let scrapes = 0;
  const metrics = new Metrics(clock, () => {
    scrapes += 1;
    return {
      moment: { nowMs: clock.nowMs(), wallMs: clock.wallMs() },
      version: "0.1.0",
      since: "",
      pop: "test1",
      config: { path: "", hash: "", origin: "file", current: true, problems: [] },
      state,
      bridge: {
        status: () => ({
          phase: "ready",
          identity: { version: exabgp, dialect: 4, api: 4 } as never,
          acks: "on",
          queued: 0,
          inFlight: 0,
          unreadBytes: 0,
          sessions,
          lastHeardAtMs: 0,
          linesDropped: 0,
        }),
      },
      echo: { state: "on", byPrefix: () => sent },
      problems,
      auditLost: 3,
      reconciled: { outcomes: new Map(), doneAtMs: undefined },
      stalls: { count: 2, seconds: 31.5 },
    };
  });
  const dispatch = (input: Input) => {
    const taken = step(state, input, clock.nowMs());
    state = taken.state;
    for (const action of taken.actions) {
      if (action.type === "transition") metrics.meter.decided(action);
    }
  };
  const text = async () => Buffer.from(await metrics.body()).toString("utf8");
  return {
    clock,
    sessions,
    sent,
    problems,
    dispatch,
    meter: metrics.meter,
    scrapes: () => scrapes,
    state: () => state,
    setExabgp: (version: string) => (exabgp = version),
    /** One attempt of a check of the first plan, as the agent takes it. */
    attempt: (id: string, result: Result, elapsedMs = 2) => {
      const check = plan.services.flatMap(({ checks }) => checks).find((one) => one.id === id);
      assert.ok(check);
      const startedMs = clock.nowMs();
      metrics.meter.attempted(check, { result, startedMs, elapsedMs });
      dispatch({ type: "result", check: id, result, startedMs, elapsedMs });
    },
    /** ExaBGP answers the last command for a prefix. */
    answer: (prefix: string, done: boolean) => {
      const change = state.routes.get(prefix)?.change ?? 0;
      dispatch({ type: "answers", answers: [{ prefix, change, done }] });
    },
    text,
    body: () => metrics.body(),
    /** All lines of one metric, without its name; a new scrape. */
    series: async (name: string): Promise<string[]> => {
      clock.advance(NEXT_SCRAPE_MS);
      const lines = (await text()).split("\n");
      const own = lines.filter(
        (line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `),
      );
      return own.map((line) => line.slice(name.length).trim());
    },
  };
}

describe("metrics of services", () => {
  it("say 1 for the state of a service and 0 for every other", async () => {
    const { series, attempt } = metering();
    const state = async () =>
      (await series("anyctl_service_state")).filter((s) => s.endsWith(" 1"));
    assert.deepEqual(await state(), ['{service="dns",state="starting"} 1']);
    attempt("dns/port", pass());
    assert.deepEqual(await state(), ['{service="dns",state="up"} 1']);
    const zeros = (await series("anyctl_service_state")).filter((s) => s.endsWith(" 0"));
    assert.equal(zeros.length, 9);
  });

  it("take a route for announced until ExaBGP refuses it, and for withdrawn once it has said so", async () => {
    const { series, attempt, answer } = metering();
    const announced = async () => (await series("anyctl_route_announced")).join();
    const label = '{service="dns",prefix="192.0.2.0/32"}';
    assert.equal(await announced(), `${label} 0`);
    attempt("dns/port", pass());
    assert.equal(await announced(), `${label} 1`);
    answer("192.0.2.0/32", false);
    assert.equal(await announced(), `${label} 0`);
    assert.deepEqual(await series("anyctl_rib_mismatch"), ["1"]);
    attempt("dns/port", fail("refused", ""));
    assert.equal(await announced(), `${label} 1`);
    answer("192.0.2.0/32", true);
    assert.equal(await announced(), `${label} 0`);
    assert.deepEqual(await series("anyctl_rib_mismatch"), ["0"]);
  });

  it("count a route that was sent to a neighbor otherwise than ExaBGP was told", async () => {
    const { series, attempt, answer, sent } = metering();
    attempt("dns/port", pass());
    const echo = (action: SentUpdate["action"]) =>
      sent.set("192.0.2.0/32", [{ neighbor: "198.51.100.1", action, at: "" }]);
    echo("withdraw");
    // The answer comes first, the UPDATE and its echo after it.
    assert.deepEqual(await series("anyctl_rib_mismatch"), ["0"]);
    answer("192.0.2.0/32", true);
    assert.deepEqual(await series("anyctl_rib_mismatch"), ["1"]);
    echo("announce");
    assert.deepEqual(await series("anyctl_rib_mismatch"), ["0"]);
  });

  it("tell when the last of a service's drains ends, as Unix time", async () => {
    const { clock, series, dispatch } = metering(planOf("dns", "web"));
    const until = () => series("anyctl_drain_until_seconds");
    const drains = (...list: Drain[]) => dispatch({ type: "drains", drains: list, undrains: [] });
    assert.deepEqual(await until(), []);
    const inAnHour = drain({ service: "dns", endsAtMs: clock.nowMs() + 3_600_000 });
    const endsAt = clock.wallMs() / 1000 + 3600;
    drains(inAnHour);
    assert.deepEqual(await until(), [`{service="dns"} ${endsAt}`]);
    drains(inAnHour, drain({ service: "_all" }));
    assert.deepEqual(await until(), ['{service="dns"} +Inf', '{service="web"} +Inf']);
  });

  it("tell when a pin ends", async () => {
    const { clock, series, dispatch } = metering();
    const endsAtMs = clock.nowMs() + 60_000;
    const expected = clock.wallMs() / 1000 + 60;
    const pin = { service: "dns", reason: "", by: "x", since: undefined, until: "", endsAtMs };
    dispatch({ type: "pins", pins: [pin], unpins: [] });
    assert.deepEqual(await series("anyctl_pin_until_seconds"), [`{service="dns"} ${expected}`]);
  });

  it("tell until when a service is held, and nothing of one that is not", async () => {
    const plan = planOf("dns", "web");
    const hold = { withinMs: 60_000, first: [], furtherMs: 60_000 };
    const services = plan.services.map((service) => ({ ...service, hold }));
    const { clock, series, attempt } = metering({ ...plan, services });
    const until = () => series("anyctl_hold_until_seconds");
    for (const id of ["dns/port", "web/port"]) attempt(id, pass());
    const expected = clock.wallMs() / 1000 + 60;
    attempt("dns/port", fail("refused", ""));
    assert.deepEqual(await until(), []);
    attempt("dns/port", pass());
    assert.deepEqual(await until(), [`{service="dns"} ${expected}`]);
  });

  it("count decisions by their words", async () => {
    const { series, attempt } = metering();
    attempt("dns/port", pass());
    // An increase is seen only in a series that was there before.
    assert.deepEqual(await series("anyctl_transitions_total"), [
      '{service="dns",from="up",to="down",reason="check-down"} 0',
      '{service="dns",from="starting",to="up",reason="all-checks-up"} 1',
    ]);
    attempt("dns/port", fail("refused", ""));
    attempt("dns/port", pass());
    assert.deepEqual(await series("anyctl_transitions_total"), [
      '{service="dns",from="starting",to="up",reason="all-checks-up"} 1',
      '{service="dns",from="up",to="down",reason="check-down"} 1',
      '{service="dns",from="down",to="up",reason="all-checks-up"} 1',
    ]);
  });
});

describe("metrics of checks", () => {
  it("leave out a verdict that there is not, and say 1 or 0 for one that there is", async () => {
    const { series, attempt } = metering();
    assert.deepEqual(await series("anyctl_check_up"), []);
    attempt("dns/port", pass());
    assert.deepEqual(await series("anyctl_check_up"), ['{service="dns",check="port"} 1']);
    attempt("dns/port", fail("timeout", ""));
    assert.deepEqual(await series("anyctl_check_up"), ['{service="dns",check="port"} 0']);
  });

  it("time only attempts that say something about the service, and count all by their words", async () => {
    const { series, attempt } = metering();
    attempt("dns/port", pass(), 3);
    attempt("dns/port", fail("timeout", ""), 500);
    attempt("dns/port", inconclusive("stalled", ""), 9000);
    assert.deepEqual(await series("anyctl_check_duration_seconds_count"), [
      '{service="dns",check="port"} 2',
    ]);
    assert.deepEqual(await series("anyctl_check_duration_seconds_sum"), [
      '{service="dns",check="port"} 0.503',
    ]);
    const buckets = await series("anyctl_check_duration_seconds_bucket");
    assert.equal(buckets.length, 8);
    assert.equal(buckets[1], '{le="0.005",service="dns",check="port"} 1');
    assert.equal(buckets.at(-1), '{le="+Inf",service="dns",check="port"} 2');
    assert.deepEqual(await series("anyctl_check_results_total"), [
      '{service="dns",check="port",outcome="pass",reason="passed"} 1',
      '{service="dns",check="port",outcome="fail",reason="timeout"} 1',
      '{service="dns",check="port",outcome="inconclusive",reason="stalled"} 1',
    ]);
  });

  it("count what was heard by its word", async () => {
    const { clock, series, meter } = metering();
    assert.deepEqual(await series("anyctl_check_events_total"), []);
    const [service] = planOf("dns").services;
    const [check] = service?.checks ?? [];
    assert.ok(check !== undefined);
    for (const word of ["connection-lost", "asked", "connection-lost"] as const) {
      meter.heard(check, word);
    }
    clock.advance(NEXT_SCRAPE_MS);
    assert.deepEqual(await series("anyctl_check_events_total"), [
      '{service="dns",check="port",event="connection-lost"} 2',
      '{service="dns",check="port",event="asked"} 1',
    ]);
  });

  it("call a check stale that has had no result that counts for a minute", async () => {
    const { clock, series, attempt } = metering();
    const stale = () => series("anyctl_check_stale");
    assert.deepEqual(await stale(), ['{service="dns",check="port"} 0']);
    clock.advance(59_000);
    attempt("dns/port", inconclusive("internal", ""));
    assert.deepEqual(await stale(), ['{service="dns",check="port"} 1']);
    attempt("dns/port", pass());
    assert.deepEqual(await stale(), ['{service="dns",check="port"} 0']);
  });

  it("of services and checks that are gone are gone, the others go on", async () => {
    const { series, attempt, dispatch, text, clock } = metering(planOf("dns", "web"));
    attempt("dns/port", pass());
    attempt("web/port", pass());
    dispatch({ type: "reload", plan: planOf("dns"), actor: "agent", force: true });
    clock.advance(NEXT_SCRAPE_MS);
    const left = (await text()).split("\n").filter((line) => line.includes('service="web"'));
    // Until ExaBGP has confirmed the withdrawal.
    assert.deepEqual(left, ['anyctl_route_announced{service="web",prefix="192.0.2.1/32"} 1']);
    assert.equal((await series("anyctl_transitions_total")).length, 2);
    assert.equal((await series("anyctl_check_results_total")).length, 1);
    // What comes back begins anew.
    dispatch({ type: "reload", plan: planOf("dns", "web"), actor: "agent", force: true });
    assert.equal((await series("anyctl_check_results_total")).length, 1);
    assert.deepEqual(
      (await series("anyctl_transitions_total")).filter((line) => line.includes('"web"')),
      ['{service="web",from="up",to="down",reason="check-down"} 0'],
    );
  });
});

describe("metrics of the agent", () => {
  it("count commands by ExaBGP's answer, and start at 0", async () => {
    const { series, meter } = metering();
    const results = () => series("anyctl_exabgp_commands_total");
    assert.ok((await results()).every((line) => line.endsWith(" 0")));
    const settled = { line: "announce route …", writtenAtMs: 1, ackMs: 4, detail: "" };
    for (const outcome of ["done", "done", "error", "timeout", "superseded", "closed"] as const) {
      meter.settled({ ...settled, outcome });
    }
    // Nothing had to be said.
    meter.settled({
      outcome: "done",
      line: undefined,
      writtenAtMs: undefined,
      ackMs: undefined,
      detail: "",
    });
    assert.deepEqual(await results(), [
      '{result="done"} 2',
      '{result="error"} 1',
      '{result="timeout"} 1',
      '{result="unconfirmed"} 0',
    ]);
    // An answer that never came took no time.
    assert.deepEqual(await series("anyctl_exabgp_ack_seconds_count"), ["3"]);
  });

  it("name what is wrong by its word only", async () => {
    const { series, problems } = metering();
    problems.report("configuration", 'Cannot use config "x": token: secret');
    assert.deepEqual(await series("anyctl_problem"), ['{word="configuration"} 1']);
    assert.deepEqual(await series("anyctl_audit_records_lost_total"), ["3"]);
  });

  it("escape what others say", async () => {
    const { series, sessions, setExabgp, text, clock } = metering();
    setExabgp('4.2"} 1\nanyctl_up 1\\');
    sessions.set("2001:db8::1", { neighbor: "2001:db8::1", state: "up", reason: "" });
    sessions.set("x", { neighbor: 'x"\n# HELP y', state: "down", reason: "" });
    assert.deepEqual(await series("anyctl_session_up"), [
      '{neighbor="2001:db8::1"} 1',
      String.raw`{neighbor="x\"\n# HELP y"} 0`,
    ]);
    assert.deepEqual(await series("anyctl_exabgp_info"), [
      String.raw`{version="4.2\"} 1\nanyctl_up 1\\"} 1`,
    ]);
    clock.advance(NEXT_SCRAPE_MS);
    promtool(["check", "metrics"], await text());
  });
});

describe("a scrape", () => {
  it("is made once a second at most, and once for those who ask meanwhile", async () => {
    const { clock, text, body, scrapes } = metering();
    const [first, second] = await Promise.all([body(), body()]);
    assert.equal(first, second, "the very same bytes, not encoded for each");
    clock.advance(999);
    await text();
    assert.equal(scrapes(), 1);
    clock.advance(1);
    await text();
    assert.equal(scrapes(), 2);
  });

  it("that fails is not kept", async () => {
    const { text, sent, attempt } = metering();
    attempt("dns/port", pass());
    sent.get = () => {
      throw new Error("no echo");
    };
    await assert.rejects(text(), /no echo/);
    Reflect.deleteProperty(sent, "get");
    assert.match(await text(), /anyctl_rib_mismatch 0/);
  });

  it("gives the event loop its turn after each slice", async () => {
    const rows = Array.from({ length: 1000 }, (_, nth) => [{ n: String(nth) }, nth] as const);
    let nowMs = 0;
    let turns = 0;
    let isOver = false;
    const count = () => {
      turns += 1;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    // Every look at the clock finds a slice over.
    const clock = { nowMs: () => (nowMs += 10) };
    const text = await expose([gauges("a", "A.", ["n"], rows)], clock);
    isOver = true;
    // 10 parts of 100 series, and an empty one.
    assert.ok(turns >= 10, `${turns} turns`);
    const lines = text.trimEnd().split("\n");
    assert.equal(lines.length, 1002);
    assert.deepEqual(lines.slice(0, 3), ["# HELP a A.", "# TYPE a gauge", 'a{n="0"} 0']);
    assert.equal(lines.at(-1), 'a{n="999"} 999');
  });

  it("says the head of a family once, whatever it is made of", async () => {
    const part = (value: number) => {
      const metric = new Gauge({ name: "a", help: "A.", labelNames: ["n"], registers: [] });
      metric.set({ n: String(value) }, value);
      return metric;
    };
    const text = await expose([[part(1), part(2)], [], [part(3)]], manualClock());
    assert.equal(
      text,
      '# HELP a A.\n# TYPE a gauge\na{n="1"} 1\na{n="2"} 2\n# HELP a A.\n# TYPE a gauge\na{n="3"} 3\n',
    );
  });

  it("of an agent in all kinds of trouble is clean for promtool", async () => {
    const { text, attempt, dispatch, sessions, problems, clock } = metering(planOf("dns", "web"));
    attempt("dns/port", pass());
    attempt("web/port", fail("refused", ""));
    attempt("web/port", inconclusive("no-ports", ""));
    dispatch({ type: "drains", drains: [drain({ service: "_all" })], undrains: [] });
    sessions.set("198.51.100.1", { neighbor: "198.51.100.1", state: "up", reason: "" });
    problems.report("audit-file", "no space left");
    clock.advance(NEXT_SCRAPE_MS);
    promtool(["check", "metrics"], await text());
  });
});
