import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { fail, inconclusive, pass } from "../../checks/probe.ts";
import type { CheckPlan, Require, ServicePlan } from "../../src/config/plan.ts";
import { step } from "../../src/core/agent.ts";
import { startAgent } from "../../src/core/configure.ts";
import type { Input } from "../../src/core/inputs.ts";
import type { Step } from "../../src/core/state.ts";
import { drain, REQUIRED, UNSTAGED } from "./fixtures.ts";

/** GRACEFUL_SHUTDOWN, RFC 8326. */
const GRACEFUL = "65535:0";

/** What tells the attributes of `when.degraded` from those of `announce`. */
const DEGRADED = "64496:500";

/**
 * The services under test: two share a prefix pessimistically, two optimistically, one has several checks, one weighs
 * them, is advised, and takes its time to come back; all stage their drains. What they should do is worked out here from the whole history of results, in another way than the core does it.
 */
const SERVICES: readonly ServicePlan[] = [
  staged(service("a", "all", ["192.0.2.0/24", "198.51.100.0/24"], ["a1", "a2"], 2, 2), 500),
  staged(service("b", "all", ["192.0.2.0/24"], ["b1"], 1, 3), 0),
  staged(service("c", "any", ["203.0.113.0/24"], ["c1", "c2", "c3"], 3, 1, { atLeast: 2 }), 1000),
  staged(service("d", "any", ["203.0.113.0/24", "2001:db8::/48"], ["d1", "d2"], 2, 2, "any"), 300),
  weighed(staged(service("e", "all", ["192.88.100.0/24"], ["e1", "e2", "e3", "e4"], 2, 2), 0)),
];
const PLAN = { pop: "test1", services: SERVICES };
const PREFIXES = [...new Set(SERVICES.flatMap(({ routes }) => routes.map((r) => r.prefix)))];
const CHECKS = SERVICES.flatMap(({ checks }) => checks);

type Event =
  | { readonly kind: "results"; readonly check: number; readonly letters: string }
  /** Results of attempts that began before the last drain ended. */
  | { readonly kind: "stale"; readonly check: number; readonly letters: string }
  /** The check gets another weight, and goes on. */
  | { readonly kind: "reweigh"; readonly check: number }
  /** The check gets other thresholds, and is judged anew. */
  | { readonly kind: "reload"; readonly check: number }
  | {
      readonly kind: "drain";
      readonly target: string;
      readonly gracefulMs: number | undefined;
      readonly lastsMs: number | undefined;
    }
  | { readonly kind: "undrain"; readonly target: string }
  | { readonly kind: "pin"; readonly target: string; readonly lastsMs: number }
  | { readonly kind: "unpin"; readonly target: string }
  /** Time passes. */
  | { readonly kind: "wait"; readonly ms: number };

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
const reweighs = fc.record({
  kind: fc.constant("reweigh" as const),
  check: fc.nat(CHECKS.length - 1),
});
const target = fc.constantFrom(...SERVICES.map(({ name }) => name));
const drains = fc.record({
  kind: fc.constant("drain" as const),
  target: fc.oneof({ weight: 1, arbitrary: fc.constant("_all") }, { weight: 4, arbitrary: target }),
  gracefulMs: fc.constantFrom(undefined, undefined, 0, 500, 2000),
  lastsMs: fc.constantFrom(undefined, undefined, 700, 1500),
});
const undrains = fc.record({
  kind: fc.constant("undrain" as const),
  target: fc.oneof({ weight: 1, arbitrary: fc.constant("_all") }, { weight: 2, arbitrary: target }),
});
const pins = fc.record({
  kind: fc.constant("pin" as const),
  target,
  lastsMs: fc.constantFrom(400, 3000),
});
const unpins = fc.record({ kind: fc.constant("unpin" as const), target });
const waits = fc.record({
  kind: fc.constant("wait" as const),
  ms: fc.constantFrom(0, 200, 500, 1000),
});
const events: fc.Arbitrary<Event[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: results },
    { weight: 12, arbitrary: settled },
    { weight: 2, arbitrary: drains },
    { weight: 2, arbitrary: undrains },
    { weight: 1, arbitrary: pins },
    { weight: 1, arbitrary: unpins },
    { weight: 3, arbitrary: waits },
    { weight: 2, arbitrary: stale },
    { weight: 1, arbitrary: reloads },
    { weight: 1, arbitrary: reweighs },
  ),
  { minLength: 20, maxLength: 120 },
);

/** A fifth of what the rarest of these is reached in most runs: chance alone must not fail the test. */
const MANY = 30;

const MUST_REACH = [
  "announcements",
  "withdrawals",
  "drainsOfAnnounced",
  "recoveries",
  "reloadsOfAnnounced",
  "staleResults",
  "stages",
  "stagesOver",
  "pinned",
  "expired",
  "degraded",
  "rising",
  "risen",
  "keptByHysteresis",
  "reweighed",
];

describe("whatever comes in", () => {
  it("announces exactly what the states say, never while drained, never before a verdict", () => {
    const reached: Record<string, number> = Object.fromEntries(MUST_REACH.map((what) => [what, 0]));
    fc.assert(
      fc.property(events, (run) => {
        const world = new World();
        for (const event of run) world.apply(event, true);
        for (const [what, count] of Object.entries(world.reached)) reached[what]! += count;
      }),
      { numRuns: 1000 },
    );
    for (const [what, count] of Object.entries(reached)) {
      assert.ok(count > MANY, `the runs were too shallow: ${count} ${what}`);
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
        for (const event of run) world.apply(event, false);
        world.accepts = () => true;
        const before = world.commands;
        world.pass(60_000);
        world.pass(60_000);
        reached.lost += world.lost;
        reached.repeated += world.commands - before;
        world.judge(true);
      }),
      { numRuns: 200 },
    );
    assert.ok(reached.lost > 200 && reached.repeated > 50, JSON.stringify(reached));
  });
});

/** What an operator or the clock has ordered, as the onlooker sees it. */
interface Order {
  readonly target: string;
  readonly startedMs: number;
  readonly gracefulMs: number | undefined;
  readonly endsAtMs: number;
}

type Wish = "yes" | "degraded" | "leaving" | "no" | "open";
type Shown = "up" | "degraded" | "draining";

/** The core with an ExaBGP that obeys, and what an onlooker expects of both. */
class World {
  nowMs = 0;
  commands = 0;
  lost = 0;
  accepts: () => boolean = () => true;
  readonly reached: Record<string, number> = {};
  readonly #held = new Map<string, Shown>();
  readonly #expected = new Map<string, Shown>();
  readonly #open = new Set<string>();
  #drains: Order[] = [];
  #pins: Order[] = [];
  readonly #history = CHECKS.map(() => "");
  readonly #checks = [...CHECKS];
  readonly #lastWish = new Map<string, "yes" | "no">();
  readonly #releasedMs = new Map<string, number>();
  /** Since when each service meets what it requires. */
  readonly #metMs = new Map<string, number>();
  readonly #rising = new Set<string>();
  readonly #serving = new Set<string>();
  #core: Step;

  constructor() {
    this.#core = startAgent(PLAN, new Map(), [], 0);
  }

  apply(event: Event, judges: boolean): void {
    this.pass(100);
    switch (event.kind) {
      case "results":
        for (const letter of event.letters) this.#result(event.check, letter, judges);
        return;
      case "stale":
        this.#stale(event.check, event.letters);
        break;
      case "reload":
        this.#reload(event.check);
        break;
      case "reweigh":
        this.#reweigh(event.check);
        break;
      case "wait":
        this.pass(event.ms);
        break;
      case "drain":
      case "undrain":
        this.#drain(event);
        break;
      case "pin":
      case "unpin":
        this.#pin(event);
        break;
    }
    if (judges) this.judge();
  }

  /** Time passes, and the agent's clock ticks when it has. */
  pass(ms: number): void {
    this.nowMs += ms;
    const over = this.#drains.filter(({ endsAtMs }) => endsAtMs <= this.nowMs);
    this.#count("expired", over.length);
    this.#changeDrains(this.#drains.filter((order) => !over.includes(order)));
    this.#pins = this.#pins.filter(({ endsAtMs }) => endsAtMs > this.nowMs);
    this.#dispatch({ type: "tick" });
  }

  #drain(event: Extract<Event, { kind: "drain" | "undrain" }>): void {
    const others = this.#drains.filter((order) => order.target !== event.target);
    const next = event.kind === "undrain" ? others : [...others, this.#orderOf(event)];
    this.#changeDrains(next);
    const before = this.#held.size;
    const ordered = next.map(({ target: name, startedMs, gracefulMs, endsAtMs }) =>
      drain({
        service: name,
        startedMs,
        gracefulMs,
        endsAtMs: endsAtMs === Infinity ? undefined : endsAtMs,
      }),
    );
    this.#dispatch({ type: "drains", drains: ordered, undrains: [] });
    if (this.#held.size < before) this.#count("drainsOfAnnounced");
  }

  #pin(event: Extract<Event, { kind: "pin" | "unpin" }>): void {
    const others = this.#pins.filter((order) => order.target !== event.target);
    const pin = { ...event, gracefulMs: undefined };
    this.#pins = pin.kind === "unpin" ? others : [...others, this.#orderOf(pin)];
    const standing = this.#pins.map(({ target: name, endsAtMs }) => {
      return { service: name, reason: "", by: "", since: undefined, until: "", endsAtMs };
    });
    this.#dispatch({ type: "pins", pins: standing, unpins: [] });
  }

  #orderOf(event: {
    readonly target: string;
    readonly gracefulMs: number | undefined;
    readonly lastsMs: number | undefined;
  }): Order {
    const { target: name, gracefulMs, lastsMs } = event;
    const endsAtMs = this.nowMs + (lastsMs ?? Infinity);
    return { target: name, gracefulMs, startedMs: this.nowMs, endsAtMs };
  }

  #changeDrains(next: Order[]): void {
    for (const [at, check] of CHECKS.entries()) {
      const owner = ownerOf(check);
      if (covering(this.#drains, owner).length === 0 || covering(next, owner).length > 0) continue;
      this.#history[at] = "";
      this.#releasedMs.set(owner, this.nowMs);
      this.#metMs.delete(owner);
    }
    this.#drains = next;
  }

  #stale(at: number, letters: string): void {
    const check = CHECKS[at];
    const releasedMs = check && this.#releasedMs.get(ownerOf(check));
    if (check === undefined || releasedMs === undefined) return;
    for (const letter of letters) {
      const result = letter === "P" ? pass() : fail("timeout", "");
      const startedMs = releasedMs - 1;
      this.pass(1);
      this.#dispatch({ type: "result", check: check.id, result, startedMs, elapsedMs: 0 });
      this.#count("staleResults");
    }
  }

  #reload(at: number): void {
    const check = this.#checks[at];
    if (check === undefined) return;
    this.#checks[at] = { ...check, rise: check.rise === 2 ? 3 : 2 };
    this.#history[at] = "";
    if (this.#held.size > 0) this.#count("reloadsOfAnnounced");
    this.#replan(false);
  }

  #reweigh(at: number): void {
    const check = this.#checks[at];
    if (check === undefined) return;
    this.#checks[at] = { ...check, weight: check.weight === 30 ? 10 : 30 };
    this.#count("reweighed");
    this.#replan(true);
  }

  #replan(force: boolean): void {
    const plan = {
      ...PLAN,
      services: SERVICES.map((planned) => ({
        ...planned,
        checks: planned.checks.map((one) => this.#checks[CHECKS.indexOf(one)] ?? one),
      })),
    };
    this.#dispatch({ type: "reload", plan, actor: "unknown", force });
  }

  #result(at: number, letter: string, judges: boolean): void {
    this.pass(1);
    this.#history[at] += letter;
    const outcome = { P: pass(), F: fail("timeout", ""), I: inconclusive("stalled", "") }[letter];
    const wasDown = this.#core.state.services.map(({ state }) => state === "down");
    const before = new Set(this.#held.keys());
    this.#dispatch({
      type: "result",
      check: CHECKS[at]?.id ?? "",
      result: outcome ?? pass(),
      startedMs: this.nowMs,
      elapsedMs: 0,
    });
    const now = [...this.#held.keys()];
    this.#count("announcements", now.filter((prefix) => !before.has(prefix)).length);
    this.#count("withdrawals", [...before].filter((prefix) => !this.#held.has(prefix)).length);
    const risen = this.#core.state.services.filter(
      ({ state }, nth) => state === "up" && wasDown[nth],
    );
    this.#count("recoveries", risen.length);
    if (judges) this.judge();
  }

  #dispatch(input: Input): void {
    const before = this.#core.state.services.map(({ state }) => state);
    this.#core = step(this.#core.state, input, this.nowMs);
    this.#expect();
    for (const [at, { state }] of this.#core.state.services.entries()) {
      if (state === "draining" && before[at] !== state) this.#count("stages");
      if (state === "drained" && before[at] === "draining") this.#count("stagesOver");
      if (state === "pinned" && before[at] !== state) this.#count("pinned");
      if (state === "degraded" && before[at] !== state) this.#count("degraded");
      if (state === "rising" && before[at] !== state) this.#count("rising");
      if (state !== "rising" && before[at] === "rising") this.#count("risen");
    }
    for (const action of this.#core.actions) {
      if (action.type !== "announce" && action.type !== "withdraw") continue;
      const { prefix, communities = [] } = action.route;
      this.commands += 1;
      const done = this.accepts();
      if (!done) this.lost += 1;
      else if (action.type === "withdraw") this.#held.delete(prefix);
      else this.#held.set(prefix, shownBy(communities));
      const answers = [{ prefix, change: action.change, done }];
      this.#core = step(this.#core.state, { type: "answers", answers }, this.nowMs);
    }
  }

  /** What should be announced now, given what was: a prefix without a decision stays as it was. */
  #expect(): void {
    const wishes = SERVICES.map((planned) => this.#wish(planned));
    for (const [at, wish] of wishes.entries()) {
      const name = SERVICES[at]?.name ?? "";
      this.#serving.delete(name);
      if (wish === "yes" || wish === "degraded") this.#serving.add(name);
      if (wish !== "open") this.#lastWish.set(name, wish === "no" ? "no" : "yes");
    }
    for (const prefix of PREFIXES) {
      const naming = SERVICES.flatMap((s, at) =>
        s.routes.some((r) => r.prefix === prefix) ? [at] : [],
      );
      const said = naming.map((at) => wishes[at]);
      const isAny = SERVICES[naming[0] ?? 0]?.shared === "any";
      const decided = isAny ? best(said) : worst(said);
      // Who has not decided keeps up only what it wanted itself when it last decided.
      const keeps = naming.some(
        (at) => wishes[at] === "open" && this.#lastWish.get(SERVICES[at]?.name ?? "") === "yes",
      );
      const wish = isAny && decided === "open" && !keeps ? "no" : decided;
      if (wish === "yes") this.#expected.set(prefix, "up");
      if (wish === "degraded") this.#expected.set(prefix, "degraded");
      if (wish === "leaving" && this.#expected.has(prefix)) this.#expected.set(prefix, "draining");
      if (wish === "no") this.#expected.delete(prefix);
      if (wish === "open") this.#open.add(prefix);
      else this.#open.delete(prefix);
    }
  }

  #wish(planned: ServicePlan): Wish {
    const { name, drainDelayMs, minUpTimeMs } = planned;
    const judged = planned.checks.map((check) => {
      const at = CHECKS.indexOf(check);
      const now = this.#checks[at] ?? check;
      return { ...now, verdict: verdictOf(this.#history[at] ?? "", now) };
    });
    const met = this.#isMet(planned, judged);
    const wasRising = this.#rising.delete(name);
    if (met === false) this.#metMs.delete(name);
    if (met === undefined && wasRising) this.#metMs.delete(name);
    if (met === true) this.#metMs.set(name, this.#metMs.get(name) ?? this.nowMs);
    const isPinned = this.#pins.some((pin) => pin.target === name);
    const standing = covering(this.#drains, name);
    if (standing.length > 0) {
      const stageEnds = standing.map((one) => one.startedMs + (one.gracefulMs ?? drainDelayMs));
      const leaves =
        this.nowMs < Math.min(...stageEnds) &&
        planned.when.draining !== undefined &&
        this.#lastWish.get(name) === "yes" &&
        planned.routes.some(({ prefix }) => this.#expected.has(prefix));
      return leaves && (isPinned || met !== false) ? "leaving" : "no";
    }
    if (isPinned) return "yes";
    if (met !== true) return met === false ? "no" : "open";
    const metForMs = this.nowMs - (this.#metMs.get(name) ?? 0);
    if (!this.#serving.has(name) && metForMs < minUpTimeMs) {
      this.#rising.add(name);
      return "open";
    }
    return judged.some(({ verdict }) => verdict === "down") ? "degraded" : "yes";
  }

  /** Whatever the checks without a verdict say once they have one; undefined: that is not all the same. */
  #isMet({ name, require }: ServicePlan, judged: readonly JudgedCheck[]): boolean | undefined {
    const required = judged.filter(({ advisory }) => !advisory);
    const open = required.filter(({ verdict }) => verdict === "unknown");
    const wasMet = this.#metMs.has(name);
    const answers = new Set<boolean>();
    for (let mask = 0; mask < 2 ** open.length; mask += 1) {
      const risen = new Set(open.filter((_, nth) => (mask & (2 ** nth)) !== 0));
      const up = required.filter((one) => one.verdict === "up" || risen.has(one));
      answers.add(isEnough(require, required, up, wasMet));
    }
    const [answer] = answers;
    if (answers.size > 1) return undefined;
    const certain = required.filter(({ verdict }) => verdict === "up");
    if (answer === true && !isEnough(require, required, certain, false)) {
      this.#count("keptByHysteresis");
    }
    return answer;
  }

  /** @param lossy What was lost of a prefix about which nobody decides now is not repeated. */
  judge(lossy = false): void {
    const shown = (routes: ReadonlyMap<string, Shown>) =>
      [...routes]
        .filter(([prefix]) => !lossy || !this.#open.has(prefix))
        .map(([prefix, variant]) => `${prefix} ${variant}`)
        .toSorted();
    assert.deepEqual(shown(this.#held), shown(this.#expected));
  }

  #count(what: string, times = 1): void {
    this.reached[what] = (this.reached[what] ?? 0) + times;
  }
}

type JudgedCheck = CheckPlan & { readonly verdict: "up" | "down" | "unknown" };

function isEnough(
  require: Require,
  required: readonly CheckPlan[],
  up: readonly CheckPlan[],
  wasMet: boolean,
): boolean {
  if (require === "all") return required.every((check) => up.includes(check));
  if (require === "any") return up.length > 0;
  if ("atLeast" in require) return up.length >= require.atLeast;
  let missing = require.weight - (wasMet ? require.hysteresis : 0);
  for (const { weight } of up) missing -= weight;
  return missing <= 0;
}

function shownBy(communities: readonly string[]): Shown {
  if (communities.includes(GRACEFUL)) return "draining";
  return communities.includes(DEGRADED) ? "degraded" : "up";
}

/** Announced while everybody is, with the attributes of the worst. */
function worst(said: readonly (Wish | undefined)[]): Wish {
  const order = ["no", "open", "leaving", "degraded"] as const;
  return order.find((wish) => said.includes(wish)) ?? "yes";
}

/** Announced while anybody is. */
function best(said: readonly (Wish | undefined)[]): Wish {
  const order = ["yes", "degraded", "leaving"] as const;
  return order.find((wish) => said.includes(wish)) ?? "open";
}

function covering(orders: readonly Order[], name: string): Order[] {
  return orders.filter(({ target: of }) => of === name || of === "_all");
}

function ownerOf(check: CheckPlan): string {
  return check.id.split("/")[0] ?? "";
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
      ...REQUIRED,
      timing,
      spec: { type: "tcp", host: "127.0.0.1", port: 53, watch: false },
    })),
  };
}

function staged(planned: ServicePlan, drainDelayMs: number): ServicePlan {
  const draining = planned.routes.map((route) => ({ ...route, communities: [GRACEFUL] }));
  const degraded = planned.routes.map((route) => ({ ...route, communities: [DEGRADED] }));
  return { ...planned, when: { degraded, draining }, drainDelayMs };
}

/** Two of the first three are enough, one of the heavier keeps it; the fourth advises. */
function weighed(planned: ServicePlan): ServicePlan {
  const checks = planned.checks.map((check, nth) => ({
    ...check,
    weight: [10, 30, 30][nth] ?? 1,
    advisory: nth === 3,
  }));
  return { ...planned, checks, require: { weight: 40, hysteresis: 10 }, minUpTimeMs: 400 };
}
