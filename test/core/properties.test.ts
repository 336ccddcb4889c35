import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { fail, inconclusive, pass } from "../../checks/probe.ts";
import type { CheckPlan, Require, ServicePlan } from "../../src/config/plan.ts";
import { step } from "../../src/core/agent.ts";
import { startAgent } from "../../src/core/configure.ts";
import type { Drain, Input } from "../../src/core/inputs.ts";
import type { Step } from "../../src/core/state.ts";
import { drain, UNSTAGED } from "./fixtures.ts";

/**
 * The services under test: two share a prefix pessimistically, two optimistically, one has several checks. What
 * they should do is worked out here from the whole history of results, in another way than the core does it.
 */
const SERVICES: readonly ServicePlan[] = [
  service("a", "all", ["192.0.2.0/24", "198.51.100.0/24"], ["a1", "a2"], 2, 2),
  service("b", "all", ["192.0.2.0/24"], ["b1"], 1, 3),
  service("c", "any", ["203.0.113.0/24"], ["c1", "c2", "c3"], 3, 1, { atLeast: 2 }),
  service("d", "any", ["203.0.113.0/24", "2001:db8::/48"], ["d1", "d2"], 2, 2, "any"),
];
const PLAN = { pop: "test1", services: SERVICES };
const PREFIXES = [...new Set(SERVICES.flatMap(({ routes }) => routes.map((r) => r.prefix)))];
const CHECKS = SERVICES.flatMap(({ checks }) => checks);

type Event =
  | { readonly kind: "results"; readonly check: number; readonly letters: string }
  /** Results of attempts that began before the last drain ended. */
  | { readonly kind: "stale"; readonly check: number; readonly letters: string }
  /** The check gets other thresholds, and is judged anew. */
  | { readonly kind: "reload"; readonly check: number }
  | { readonly kind: "drain" | "undrain"; readonly target: string };

const results = fc.record({
  kind: fc.constant("results" as const),
  check: fc.nat(CHECKS.length - 1),
  letters: fc
    .array(fc.constantFrom("P", "P", "F", "I"), { minLength: 1, maxLength: 4 })
    .map((letters) => letters.join("")),
});
const settled = fc.record({
  kind: fc.constant("results" as const),
  check: fc.nat(CHECKS.length - 1),
  letters: fc.constantFrom("PPP", "FFF"),
});
const stale = fc.record({
  kind: fc.constant("stale" as const),
  check: fc.nat(CHECKS.length - 1),
  letters: fc.constantFrom("PPP", "FFF"),
});
const reloads = fc.record({
  kind: fc.constant("reload" as const),
  check: fc.nat(CHECKS.length - 1),
});
const drains = fc.record({
  kind: fc.constantFrom("drain" as const, "undrain" as const),
  target: fc.constantFrom("_all", ...SERVICES.map(({ name }) => name)),
});
const events: fc.Arbitrary<Event[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: results },
    { weight: 12, arbitrary: settled },
    { weight: 2, arbitrary: drains },
    { weight: 2, arbitrary: stale },
    { weight: 1, arbitrary: reloads },
  ),
  { minLength: 20, maxLength: 120 },
);

describe("whatever comes in", () => {
  it("announces exactly what the states say, never while drained, never before a verdict", () => {
    const reached = {
      announcements: 0,
      withdrawals: 0,
      drainsOfAnnounced: 0,
      recoveries: 0,
      reloadsOfAnnounced: 0,
      staleResults: 0,
    };
    fc.assert(
      fc.property(events, (run) => {
        const world = new World();
        for (const event of run) world.apply(event, reached);
      }),
      { numRuns: 1000 },
    );
    for (const [name, count] of Object.entries(reached)) {
      assert.ok(count > 100, `the runs were too shallow: ${count} ${name}`);
    }
  });

  it("ends with what the states say when ExaBGP refused or lost any of the commands", () => {
    const reached = { lost: 0, repeated: 0 };
    const answers = fc.array(fc.boolean(), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(events, answers, (run, accepted) => {
        const world = new World();
        let nth = 0;
        world.accepts = () => accepted[nth++ % accepted.length] ?? true;
        for (const event of run) world.apply(event, undefined);
        world.accepts = () => true;
        const before = world.commands;
        world.dispatch({ type: "tick" }, (world.nowMs += 60_000));
        reached.lost += world.lost;
        reached.repeated += world.commands - before;
        world.judge(true);
      }),
      { numRuns: 200 },
    );
    assert.ok(reached.lost > 200 && reached.repeated > 50, JSON.stringify(reached));
  });
});

/** The core with an ExaBGP that obeys, and what an onlooker expects of both. */
class World {
  nowMs = 0;
  commands = 0;
  lost = 0;
  accepts: () => boolean = () => true;
  #held = new Set<string>();
  #expected = new Set<string>();
  #open = new Set<string>();
  #drains: Drain[] = [];
  #history = CHECKS.map(() => "");
  #checks = [...CHECKS];
  #lastWish = new Map<string, "yes" | "no">();
  #releasedMs = new Map<string, number>();
  #core: Step;

  constructor() {
    this.#core = startAgent(PLAN, new Map(), [], 0);
  }

  apply(event: Event, reached: Record<string, number> | undefined): void {
    this.nowMs += 100;
    if (event.kind === "results") {
      for (const letter of event.letters) this.#result(event.check, letter, reached);
      return;
    }
    if (event.kind === "stale") return this.#stale(event.check, event.letters, reached);
    if (event.kind === "reload") return this.#reload(event.check, reached);
    const others = this.#drains.filter(({ service: name }) => name !== event.target);
    const order = drain({ service: event.target });
    const next = event.kind === "drain" ? [...others, order] : others;
    for (const [at, check] of CHECKS.entries()) {
      const owner = check.id.split("/")[0] ?? "";
      if (!isDrained(this.#drains, owner) || isDrained(next, owner)) continue;
      this.#history[at] = "";
      this.#releasedMs.set(owner, this.nowMs);
    }
    const announced = this.#held.size;
    this.#drains = next;
    this.dispatch({ type: "drains", drains: next, undrains: [] }, this.nowMs);
    if (reached && this.#held.size < announced) reached["drainsOfAnnounced"]! += 1;
    if (reached) this.judge();
  }

  #stale(at: number, letters: string, reached: Record<string, number> | undefined): void {
    const id = CHECKS[at]?.id ?? "";
    const releasedMs = this.#releasedMs.get(id.split("/")[0] ?? "");
    if (releasedMs === undefined) return;
    for (const letter of letters) {
      const result = letter === "P" ? pass() : fail("timeout", "");
      const startedMs = releasedMs - 1;
      const input = { type: "result", check: id, result, startedMs, elapsedMs: 0 } as const;
      this.dispatch(input, (this.nowMs += 1));
      if (reached) reached["staleResults"]! += 1;
    }
    if (reached) this.judge();
  }

  #reload(at: number, reached: Record<string, number> | undefined): void {
    const check = this.#checks[at];
    if (check === undefined) return;
    this.#checks[at] = { ...check, rise: check.rise === 2 ? 3 : 2 };
    this.#history[at] = "";
    const plan = {
      ...PLAN,
      services: SERVICES.map((planned) => ({
        ...planned,
        checks: planned.checks.map((one) => this.#checks[CHECKS.indexOf(one)] ?? one),
      })),
    };
    if (reached && this.#held.size > 0) reached["reloadsOfAnnounced"]! += 1;
    this.dispatch({ type: "reload", plan, actor: "unknown", force: false }, this.nowMs);
    if (reached) this.judge();
  }

  #result(at: number, letter: string, reached: Record<string, number> | undefined): void {
    this.nowMs += 1;
    this.#history[at] += letter;
    const outcome = { P: pass(), F: fail("timeout", ""), I: inconclusive("stalled", "") }[letter];
    const wasDown = this.#core.state.services.map(({ state }) => state === "down");
    const before = new Set(this.#held);
    this.dispatch(
      {
        type: "result",
        check: CHECKS[at]?.id ?? "",
        result: outcome ?? pass(),
        startedMs: this.nowMs,
        elapsedMs: 0,
      },
      this.nowMs,
    );
    if (reached === undefined) return;
    reached["announcements"]! += [...this.#held].filter((prefix) => !before.has(prefix)).length;
    reached["withdrawals"]! += [...before].filter((prefix) => !this.#held.has(prefix)).length;
    reached["recoveries"]! += this.#core.state.services.filter(
      ({ state }, nth) => state === "up" && wasDown[nth],
    ).length;
    this.judge();
  }

  dispatch(input: Input, nowMs: number): void {
    this.#core = step(this.#core.state, input, nowMs);
    this.#expect();
    for (const action of this.#core.actions) {
      if (action.type !== "announce" && action.type !== "withdraw") continue;
      const { prefix } = action.route;
      this.commands += 1;
      const done = this.accepts();
      if (!done) this.lost += 1;
      else if (action.type === "announce") this.#held.add(prefix);
      else this.#held.delete(prefix);
      const answer = { type: "answer", prefix, change: action.change, done } as const;
      this.#core = step(this.#core.state, answer, nowMs);
    }
  }

  /** What should be announced now, given what was: a prefix without a decision stays as it was. */
  #expect(): void {
    const wishes = SERVICES.map((planned) => this.#wish(planned));
    for (const [at, wish] of wishes.entries()) {
      if (wish !== "open") this.#lastWish.set(SERVICES[at]?.name ?? "", wish);
    }
    for (const prefix of PREFIXES) {
      const naming = SERVICES.flatMap((s, at) =>
        s.routes.some((r) => r.prefix === prefix) ? [at] : [],
      );
      const said = naming.map((at) => wishes[at]);
      const any = SERVICES[naming[0] ?? 0]?.shared === "any";
      const announce = any ? said.includes("yes") : said.every((wish) => wish === "yes");
      // Who has not decided keeps up only what it wanted itself when it last decided.
      const keeps = naming.some(
        (at) => wishes[at] === "open" && this.#lastWish.get(SERVICES[at]?.name ?? "") === "yes",
      );
      const withdraw = any ? !announce && !keeps : said.includes("no");
      if (announce) this.#expected.add(prefix);
      else if (withdraw) this.#expected.delete(prefix);
      if (announce || withdraw) this.#open.delete(prefix);
      else this.#open.add(prefix);
    }
  }

  #wish(planned: ServicePlan): "yes" | "no" | "open" {
    if (isDrained(this.#drains, planned.name)) return "no";
    const verdicts = planned.checks.map((check) => {
      const at = CHECKS.indexOf(check);
      return verdictOf(this.#history[at] ?? "", this.#checks[at] ?? check);
    });
    const count = (verdict: string) => verdicts.filter((seen) => seen === verdict).length;
    const needed =
      typeof planned.require === "object" ? 2 : { all: verdicts.length, any: 1 }[planned.require];
    if (count("up") >= needed) return "yes";
    return verdicts.length - count("down") < needed ? "no" : "open";
  }

  /** @param lossy A lost announcement of a prefix about which nobody decides now is not repeated. */
  judge(lossy = false): void {
    const excused = (prefix: string) => lossy && this.#open.has(prefix) && !this.#held.has(prefix);
    const expected = [...this.#expected].filter((prefix) => !excused(prefix));
    assert.deepEqual([...this.#held].toSorted(), expected.toSorted());
  }
}

/** The last run of `rise` passes or `fall` failures in a row, whichever is later, decides. */
function verdictOf(history: string, { rise, fall }: CheckPlan): "up" | "down" | "unknown" {
  const counted = history.replaceAll("I", "");
  const up = counted.lastIndexOf("P".repeat(rise)) + rise;
  const down = counted.lastIndexOf("F".repeat(fall)) + fall;
  if (!counted.includes("P".repeat(rise)) && !counted.includes("F".repeat(fall))) return "unknown";
  if (!counted.includes("F".repeat(fall))) return "up";
  if (!counted.includes("P".repeat(rise))) return "down";
  return up > down ? "up" : "down";
}

function isDrained(standing: readonly Drain[], name: string): boolean {
  return standing.some((one) => one.service === name || one.service === "_all");
}

function service(
  name: string,
  shared: "all" | "any",
  prefixes: string[],
  checks: string[],
  rise: number,
  fall: number,
  require: Require = "all",
): ServicePlan {
  const timing = { intervalMs: 1000, fastIntervalMs: 500, slowIntervalMs: 1000, timeoutMs: 500 };
  return {
    name,
    shared,
    require,
    routes: prefixes.map((prefix) => ({ prefix, nextHop: "self" })),
    ...UNSTAGED,
    checks: checks.map((check) => ({
      id: `${name}/${check}`,
      name: check,
      rise,
      fall,
      timing,
      spec: { type: "tcp", host: "127.0.0.1", port: 53, watch: false },
    })),
  };
}
