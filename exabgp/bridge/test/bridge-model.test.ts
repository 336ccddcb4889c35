/**
 * The bridge against an ExaBGP that is slow, refuses, loses answers, forgets questions and still has answers for
 * a predecessor, in random order. Whatever happens, the last wanted change of each prefix must arrive, a withdrawal
 * carries what was last announced, and a listing is what ExaBGP held when it came to the question, or none.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { encodeAnnounce, encodeWithdraw } from "../src/index.ts";
import type { Route } from "../src/index.ts";
import { Harness, HEADER_LINE } from "./harness.ts";

const ACK_TIMEOUT_MS = 5000;
const PREFIXES = ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/48"];

/** Places that runs must come to, or they prove nothing. `restored`: a withdrawal with other attributes than given;
 * `partial`: one for other neighbors than have it. */
const REACHED = [
  "done",
  "error",
  "timeout",
  "superseded",
  "lost",
  "restored",
  "partial",
  "listed",
  "unlisted",
] as const;
type Reached = (typeof REACHED)[number];

function nowhere(): Record<Reached, number> {
  return {
    done: 0,
    error: 0,
    timeout: 0,
    superseded: 0,
    lost: 0,
    restored: 0,
    partial: 0,
    listed: 0,
    unlisted: 0,
  };
}

const ROUTES_QUESTION = "show adj-rib out extensive";
const NEIGHBORS = ["10.0.0.1", "10.0.0.2", "10.0.0.3"];

type Verb = "announce" | "withdraw";

type Step =
  | {
      readonly do: "ask";
      readonly verb: Verb;
      readonly prefix: string;
      readonly med: number;
      readonly neighbors: readonly string[];
    }
  /** ExaBGP takes up so many lines and answers them, but for every `loseEvery`th; it refuses every `refuseEvery`th. */
  | {
      readonly do: "serve";
      readonly lines: number;
      readonly loseEvery: number;
      readonly refuseEvery: number;
    }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "event" }
  | { readonly do: "list" }
  | { readonly do: "sessions" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("ask" as const),
      verb: fc.constantFrom("announce" as const, "withdraw" as const),
      prefix: fc.constantFrom(...PREFIXES),
      med: fc.integer({ min: 0, max: 1 }),
      neighbors: fc.constantFrom([], [], ["10.0.0.1"], ["10.0.0.1", "10.0.0.2"]),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("serve" as const),
      lines: fc.integer({ min: 1, max: 8 }),
      loseEvery: fc.constantFrom(0, 0, 0, 1, 3),
      refuseEvery: fc.constantFrom(0, 0, 0, 1, 2),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("wait" as const),
      ms: fc.constantFrom(0, 1, 100, 250, 1000, 5000, 12_000),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: "event" as const }) },
  { weight: 2, arbitrary: fc.constant({ do: "list" as const }) },
  { weight: 1, arbitrary: fc.constant({ do: "sessions" as const }) },
);

interface Written {
  readonly line: string;
  /** Empty for questions and the comment. */
  readonly prefix: string;
  readonly atMs: number;
  isServed: boolean;
  isAnswered: boolean;
  /** The owner was told how it ended. */
  isSettled: boolean;
  /** ExaBGP said so, and the bridge took it for this command's answer. */
  isRefused: boolean;
  /** Of a question for routes: what ExaBGP held when it came to it. */
  held: string;
}

class Model {
  readonly it: Harness;
  readonly reached = nowhere();
  /** What ExaBGP holds: by neighbor and prefix, what was announced. */
  readonly #held = new Map<string, string>();
  readonly #listingsTold: number[] = [];
  readonly #written: Written[] = [];
  readonly #inbox: Written[] = [];
  readonly #lastWanted = new Map<string, { readonly verb: Verb; readonly given: string }>();
  readonly #settledTimes: number[] = [];
  #served = 0;
  #stale: number;

  /** @param stale Commands of a predecessor that are still queued: their answers come to us. */
  constructor(stale: number) {
    this.#stale = stale;
    this.it = new Harness({ output: (line) => this.#onLine(line) });
    this.it.bridge.start();
  }

  /** What must not happen; thrown here it would only be an error of the output. */
  readonly #violations: string[] = [];

  #onLine(line: string): void {
    const prefix = / route (\S+) /.exec(line)?.[1] ?? "";
    const atMs = this.it.timers.nowMs();
    const before = this.#written.findLast((other) => other.prefix === prefix);
    if (prefix !== "" && before !== undefined) {
      const pauseMs = atMs - before.atMs;
      if (before.line !== line && pauseMs < 250) {
        this.#violations.push(`${line} after ${pauseMs} ms`);
      }
      // A lost barrier makes the bridge repeat what ExaBGP has not read yet; it writes only withdrawals then.
      const isHarmless = before.line === line || isWithdrawal(before.line, line);
      if (!isHarmless && !before.isServed && !this.#expired(before, atMs)) {
        this.#violations.push(`${line} while ${before.line} is in flight`);
      }
    }
    if (isWithdrawal(line)) this.#checkWithdrawal(line, prefix);
    const written = {
      line,
      prefix,
      atMs,
      isServed: false,
      isAnswered: false,
      isSettled: false,
      isRefused: false,
      held: "",
    };
    this.#written.push(written);
    this.#inbox.push(written);
  }

  /** The attributes last announced, those that were given only if there are none; the neighbors that were given. */
  #checkWithdrawal(line: string, prefix: string): void {
    const announcements = this.#written.filter(
      (other) => other.prefix === prefix && other.line.includes("announce "),
    );
    const last = announcements.findLast(({ isRefused }) => !isRefused);
    const given = this.#lastWanted.get(prefix)?.given ?? "";
    const expected =
      last === undefined
        ? given
        : given.replace(/withdraw .*/, last.line.replace(/.*announce/, "withdraw"));
    if (line !== expected) this.#violations.push(`${line} instead of ${expected}`);
    if (line !== given) this.reached.restored += 1;
    if (last !== undefined && selectorOf(last.line) !== selectorOf(line)) this.reached.partial += 1;
  }

  /** Whether an answer had been missing for so long that all in flight, `command` among them, were given up. */
  #expired(command: Written, nowMs: number): boolean {
    return this.#written.some(({ isAnswered, atMs }) => {
      const endMs = atMs + ACK_TIMEOUT_MS;
      return !isAnswered && command.atMs <= endMs && endMs <= nowMs;
    });
  }

  ask(verb: Verb, prefix: string, med: number, neighbors: readonly string[]): void {
    const route: Route = { prefix, nextHop: "self", med, neighbors };
    const index = this.#settledTimes.push(0) - 1;
    const given = verb === "announce" ? encodeAnnounce(route) : encodeWithdraw(route);
    this.#lastWanted.set(prefix, { verb, given });
    this.it.bridge[verb](route, ({ outcome, line, writtenAtMs }) => {
      this.#settledTimes[index] = (this.#settledTimes[index] ?? 0) + 1;
      if (isReached(outcome)) this.reached[outcome] += 1;
      // The same line may be written twice in one millisecond; each settles once, in order.
      const command = this.#written.find(
        (other) => other.line === line && other.atMs === writtenAtMs && !other.isSettled,
      );
      if (command === undefined) return;
      command.isSettled = true;
      command.isRefused = outcome === "error";
      if ((outcome === "done" || outcome === "error") && !command.isServed) {
        this.#violations.push(`${line} called ${outcome} too early`);
      }
    });
  }

  list(): void {
    const index = this.#listingsTold.push(0) - 1;
    this.it.bridge.listRoutes(({ outcome, routes, askedAtMs }) => {
      this.#listingsTold[index] = (this.#listingsTold[index] ?? 0) + 1;
      this.reached[outcome === "done" ? "listed" : "unlisted"] += 1;
      if (outcome !== "done") return;
      // Two may be written in one millisecond, the second one after the first one's answer.
      const questions = this.#written.filter(
        ({ line, atMs, isServed }) => line === ROUTES_QUESTION && atMs === askedAtMs && isServed,
      );
      const told = shown(
        routes.flatMap(({ neighbor, route }) =>
          route === undefined ? [] : [`${neighbor} ${encodeAnnounce(route)}`],
        ),
      );
      if (!questions.some(({ held }) => held === told)) {
        this.#violations.push(`listed ${told} instead of ${questions[0]?.held}`);
      }
    });
  }

  /** ExaBGP comes to `line`. @returns What it answers. */
  #apply({ line, prefix }: Written): string {
    if (line === "system version") return "exabgp 4.2.21\ndone\n";
    if (line === "show neighbor summary") return `${HEADER_LINE}done\n`;
    if (line === ROUTES_QUESTION) {
      return `${[...this.#held.values()].map(listedLine).join("")}done\n`;
    }
    const command = line.replace(/^neighbor .* (?=announce|withdraw)/, "");
    for (const neighbor of NEIGHBORS) {
      const isMeant = command === line || line.includes(`neighbor ${neighbor}`);
      const key = `${neighbor} ${prefix}`;
      if (isMeant && command.startsWith("announce ")) this.#held.set(key, `${neighbor} ${command}`);
      if (isMeant && command.startsWith("withdraw ")) this.#held.delete(key);
    }
    return "done\n";
  }

  /**
   * Comments and the version are answered ahead of what is queued. An ExaBGP that hung works off its
   * backlog before it can hang again: within one, no barrier could be told from another.
   */
  serve(lines: number, loseEvery: number, refuseEvery: number): void {
    const oldestMs = this.#inbox[0]?.atMs ?? Infinity;
    const isAwakening = this.it.timers.nowMs() - oldestMs >= ACK_TIMEOUT_MS;
    const backlog = isAwakening ? this.#inbox.length + this.#stale : 0;
    for (let count = 0; count < Math.max(lines, backlog); count += 1) {
      const isUrgent = [" # ab", "system version"].includes(this.#inbox[0]?.line ?? "");
      if (this.#stale > 0 && !isUrgent) {
        this.#stale -= 1;
        this.it.say("done\n");
        continue;
      }
      const next = this.#inbox.shift();
      if (next === undefined) return;
      next.isServed = true;
      this.#served += 1;
      const isLost = loseEvery > 0 && this.#served % loseEvery === 0;
      const isRefused = refuseEvery > 0 && this.#served % refuseEvery === 0 && next.prefix !== "";
      next.held = shown([...this.#held.values()]);
      const answer = isRefused ? "error\n" : this.#apply(next);
      if (isLost) this.reached.lost += 1;
      else {
        next.isAnswered = true;
        this.it.say(answer);
      }
    }
  }

  get isIdle(): boolean {
    const { queued, inFlight, phase } = this.it.bridge.status();
    const isTold = this.#listingsTold.every((times) => times > 0);
    return (
      this.#inbox.length === 0 && queued === 0 && inFlight === 0 && phase === "ready" && isTold
    );
  }

  check(): void {
    assert.deepEqual(this.#violations, []);
    for (const [prefix, wanted] of this.#lastWanted) {
      const last = this.#written.findLast((other) => other.prefix === prefix);
      // A withdrawal's attributes were looked at when it was written.
      const arrived = wanted.verb === "announce" ? last?.line : last?.line.replace(/ med .*/, "");
      const expected =
        wanted.verb === "announce" ? wanted.given : wanted.given.replace(/ med .*/, "");
      assert.deepEqual([arrived, last?.isServed], [expected, true]);
    }
    assert.ok(this.#listingsTold.every((times) => times === 1));
    assert.ok(
      this.#settledTimes.every((times) => times === 1),
      `settled ${this.#settledTimes.join(" ")} times`,
    );
  }
}

/** Empty for all neighbors. */
function selectorOf(line: string): string {
  return line.replace(/(announce|withdraw) .*/, "");
}

function isWithdrawal(...lines: readonly string[]): boolean {
  return lines.every((line) => line.includes("withdraw "));
}

function isReached(outcome: string): outcome is Reached {
  return REACHED.some((place) => place === outcome);
}

/** In one order, whatever it was listed in. */
function shown(routes: readonly string[]): string {
  return routes.toSorted().join("; ");
}

/** @param held `NEIGHBOR announce route …` */
function listedLine(held: string): string {
  const [neighbor = "", attributes = ""] = held.split(" announce route ");
  const family = attributes.startsWith("2001:") ? "ipv6" : "ipv4";
  return `neighbor ${neighbor} local-ip 127.0.0.1 local-as 64496 peer-as 64497 router-id 127.0.0.1 family-allowed in-open ${family} unicast ${attributes}\n`;
}

async function run(steps: readonly Step[], stale: number): Promise<Model> {
  const model = new Model(stale);
  for (const action of steps) {
    if (action.do === "ask") {
      model.ask(action.verb, action.prefix, action.med, action.neighbors);
    } else if (action.do === "serve")
      model.serve(action.lines, action.loseEvery, action.refuseEvery);
    else if (action.do === "wait") await model.it.timers.advance(action.ms);
    else if (action.do === "list") model.list();
    else if (action.do === "sessions") model.it.bridge.listSessions();
    else model.it.say("neighbor 192.0.2.1 up\n");
    await model.it.settle();
    assert.ok(model.it.bridge.status().inFlight <= PREFIXES.length);
    assert.ok(model.it.bridge.status().queued <= PREFIXES.length);
  }
  // ExaBGP recovers: everything must settle within minutes of its time.
  for (let tick = 0; tick < 1500 && !model.isIdle; tick += 1) {
    model.serve(100, 0, 0);
    await model.it.timers.advance(100);
  }
  assert.ok(model.isIdle, JSON.stringify(model.it.bridge.status()));
  model.check();
  return model;
}

test("the last wanted change of each prefix arrives, once, in order, and nobody is told too early", async () => {
  const reached = nowhere();
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 40, size: "medium" }),
      fc.integer({ min: 0, max: 20 }),
      async (steps, stale) => {
        const model = await run(steps, stale);
        for (const key of REACHED) reached[key] += model.reached[key] > 0 ? 1 : 0;
      },
    ),
    { numRuns: 400 },
  );
  for (const count of Object.values(reached)) assert.ok(count > 15, JSON.stringify(reached));
});
