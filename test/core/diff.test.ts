import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Route } from "exabgp-ts-bridge";
import { fail, pass } from "../../checks/probe.ts";
import { attributesOf } from "../../src/config/attributes.ts";
import { concealPlan } from "../../src/config/fingerprint.ts";
import type { CheckPlan, Plan, ServicePlan } from "../../src/config/plan.ts";
import { step } from "../../src/core/agent.ts";
import { startAgent } from "../../src/core/configure.ts";
import { diffReload, type ReloadDiff } from "../../src/core/diff.ts";
import { restoreSnapshot, takeSnapshot } from "../../src/core/snapshot.ts";
import type { AgentState } from "../../src/core/state.ts";
import { REQUIRED, UNSTAGED } from "./fixtures.ts";

const A = "192.0.2.0/24";
const B = "198.51.100.0/24";
const C = "203.0.113.0/24";

function route(prefix: string, med?: number): Route {
  return { prefix, nextHop: "self", ...(med === undefined ? {} : { med }) };
}

function check(owner: string, name: string, port = 9): CheckPlan {
  return {
    id: `${owner}/${name}`,
    name,
    rise: 1,
    fall: 1,
    ...REQUIRED,
    timing: { intervalMs: 1000, fastIntervalMs: 500, slowIntervalMs: 1000, timeoutMs: 500 },
    spec: { type: "tcp", host: "127.0.0.1", port, watch: false },
  };
}

function service(
  name: string,
  routes: readonly Route[],
  other: Partial<ServicePlan> = {},
): ServicePlan {
  const base = { name, require: "all", shared: "all", ...UNSTAGED } as const;
  const when = { degraded: routes, ...other.when };
  return { ...base, routes, checks: [check(name, "port")], ...other, when };
}

const plan = (...services: ServicePlan[]): Plan => ({ pop: "p", services });

/** All checks of `before` have passed, or those named failed, and ExaBGP has answered. */
function running(before: Plan, failed: readonly string[] = []): AgentState {
  let { state } = startAgent(before, new Map(), [], 0);
  for (const { id } of before.services.flatMap(({ checks }) => checks)) {
    const result = failed.includes(id) ? fail("refused", "") : pass();
    const taken = step(state, { type: "result", check: id, result, startedMs: 1, elapsedMs: 1 }, 1);
    state = taken.state;
    for (const action of taken.actions) {
      if (action.type !== "announce" && action.type !== "withdraw") continue;
      const { prefix } = action.route;
      const answer = { prefix, change: action.change, done: true };
      state = step(state, { type: "answers", answers: [answer] }, 2).state;
    }
  }
  return state;
}

const dns = service("dns", [route(A)]);
const web = service("web", [route(B)]);
const BEFORE = plan(dns, web);
const lists = ({ now, later }: ReloadDiff) => ({ ...now, later });
const NOTHING = { withdrawn: [], changed: [], announced: [], later: [] };

interface Case {
  readonly name: string;
  readonly after: Plan;
  readonly failed?: readonly string[];
  readonly told?: Partial<ReturnType<typeof lists>>;
  /** Prefixes, checks and services that differ, by sign. */
  readonly signs?: readonly string[];
}

function signsOf({ prefixes, checks, services }: ReloadDiff): string[] {
  const sign = { added: "+", removed: "-", changed: "~" };
  return [
    ...services.added.map((name) => `+ ${name}`),
    ...services.removed.map((name) => `- ${name}`),
    ...services.changed.map((name) => `~ ${name}`),
    ...prefixes.map(({ change, prefix }) => `${sign[change]} ${prefix}`),
    ...checks.map(({ change, check: id }) => `${sign[change]} ${id}`),
  ];
}

describe("diffReload", () => {
  const mail = service("mail", [route(C)]);
  const cases: Case[] = [
    { name: "the same plan", after: BEFORE },
    { name: "services in another order", after: plan(web, dns) },
    {
      name: "another MED",
      after: plan(service("dns", [route(A, 7)]), web),
      told: { changed: [A] },
      signs: [`~ ${A}`],
    },
    {
      name: "another MED of what is down",
      after: plan(service("dns", [route(A, 7)]), web),
      failed: ["dns/port"],
      signs: [`~ ${A}`],
    },
    {
      name: "one prefix fewer",
      after: plan(dns),
      told: { withdrawn: [B] },
      signs: ["- web", `- ${B}`, "- web/port"],
    },
    {
      name: "one prefix fewer, which is not announced",
      after: plan(dns),
      failed: ["web/port"],
      signs: ["- web", `- ${B}`, "- web/port"],
    },
    {
      name: "a new service",
      after: plan(dns, web, mail),
      told: { later: [C] },
      signs: ["+ mail", `+ ${C}`, "+ mail/port"],
    },
    {
      name: "a new prefix of a service that is up",
      after: plan(service("dns", [route(A), route(C)]), web),
      told: { announced: [C] },
      signs: [`+ ${C}`],
    },
    {
      name: "a changed check: judged anew, the route left alone",
      after: plan(service("dns", [route(A)], { checks: [check("dns", "port", 10)] }), web),
      signs: ["~ dns/port"],
    },
    {
      name: "a prefix that moves to another service",
      after: plan(dns, service("www", [route(B)])),
      signs: ["+ www", "- web", `~ ${B}`, "- web/port", "+ www/port"],
    },
    {
      name: "attributes for a state that it is in",
      after: plan(service("dns", [route(A)], { when: { down: [route(A, 500)] } }), web),
      failed: ["dns/port"],
      told: { announced: [A] },
      signs: [`~ ${A}`],
    },
    {
      name: "attributes for a state that it is not in",
      after: plan(service("dns", [route(A)], { when: { down: [route(A, 500)] } }), web),
      signs: [`~ ${A}`],
    },
    {
      name: "another way to decide",
      after: plan(service("dns", [route(A)], { require: "any" }), web),
      signs: ["~ dns"],
    },
  ];
  for (const { name, after, failed = [], told = {}, signs = [] } of cases) {
    it(name, () => {
      const diff = diffReload(running(BEFORE, failed), after, 100, attributesOf);
      assert.deepEqual(lists(diff), { ...NOTHING, ...told });
      assert.deepEqual(signsOf(diff), signs);
    });
  }

  it("tells attributes by state, before and after", () => {
    const draining = { draining: [{ ...route(A), communities: ["65535:0"] }] };
    const after = plan(service("dns", [route(A, 7)], { when: draining }), web);
    const [change] = diffReload(running(BEFORE), after, 100, attributesOf).prefixes;
    assert.deepEqual(change, {
      change: "changed",
      prefix: A,
      services: ["dns"],
      announced: true,
      attributes: [
        { state: "up", before: "next-hop self", after: "next-hop self med 7" },
        { state: "draining", before: null, after: "next-hop self community [ 65535:0 ]" },
      ],
    });
  });

  it("counts what is unchanged, and what is taken away", () => {
    const diff = diffReload(running(BEFORE), plan(dns), 100, attributesOf);
    assert.deepEqual(diff.unchanged, { services: 1, prefixes: 1, checks: 1 });
    assert.deepEqual([diff.announced, diff.lost, diff.massWithdrawal], [2, 1, false]);
    const all = diffReload(running(BEFORE), plan(mail), 100, attributesOf);
    assert.deepEqual([all.announced, all.lost, all.massWithdrawal], [2, 2, true]);
  });

  it("tells of weights as of the service, because no check is judged anew by them", () => {
    const light = [check("dns", "port"), check("dns", "other")];
    const heavy = light.map((one) => ({ ...one, weight: 7 }));
    const require = { weight: 1, hysteresis: 0 };
    const before = plan(service("dns", [route(A)], { require, checks: light }));
    const state = running(before);
    const after = plan(service("dns", [route(A)], { require, checks: heavy }));
    const diff = diffReload(state, after, 100, attributesOf);
    assert.deepEqual([diff.services.changed, diff.checks, diff.decisions], [["dns"], [], []]);
    const more = plan(
      service("dns", [route(A)], { require, checks: [...light, check("dns", "third")] }),
    );
    const added = diffReload(state, more, 100, attributesOf);
    assert.deepEqual(added.services.changed, []);
    assert.deepEqual(added.checks, [{ change: "added", check: "dns/third" }]);
  });

  it("judges no check anew because a shared one is called otherwise, only if it asks otherwise", () => {
    const using = (use: string, port = 9) =>
      plan(service("a", [route(A)], { checks: [{ ...check("a", "port", port), use }] }));
    const renamed = diffReload(running(using("old")), using("new"), 2, attributesOf);
    assert.deepEqual([renamed.checks, renamed.services.changed], [[], ["a"]]);
    assert.deepEqual(renamed.decisions, []);
    const moved = diffReload(running(using("old")), using("new", 10), 2, attributesOf);
    assert.deepEqual(moved.checks, [{ change: "changed", check: "a/port" }]);
  });

  it("tells of when.degraded where it is not simply what is announced", () => {
    const before = plan(service("dns", [route(A)]));
    const state = running(before);
    const other = plan(service("dns", [route(A)], { when: { degraded: [route(A, 500)] } }));
    const changed = diffReload(state, other, 100, attributesOf).prefixes;
    assert.deepEqual(
      changed.map(({ attributes }) => attributes.map((one) => one.state)),
      [["degraded"]],
    );
    const follows = plan(service("dns", [route(A, 7)]));
    const both = diffReload(state, follows, 100, attributesOf).prefixes;
    assert.deepEqual(
      both.map(({ attributes }) => attributes.map((one) => one.state)),
      [["up"]],
    );
  });

  it("counts as taken away what stays in the file and is withdrawn at once", () => {
    const checks = [check("dns", "port"), check("dns", "other")];
    const before = plan(service("dns", [route(A)], { require: "any", checks }));
    const after = plan(service("dns", [route(A)], { require: "all", checks }));
    const state = running(before, ["dns/other"]);
    const diff = diffReload(state, after, 100, attributesOf);
    assert.deepEqual(lists(diff), { ...NOTHING, withdrawn: [A] });
    assert.deepEqual([diff.announced, diff.lost, diff.massWithdrawal], [1, 1, true]);
  });
});

describe("a snapshot, from one process to another", () => {
  const prefixes = [A, B, C];
  const anyService = (name: string) =>
    fc
      .record({
        prefixes: fc.subarray(prefixes, { minLength: 1 }),
        med: fc.constantFrom(undefined, 7),
        down: fc.boolean(),
        ports: fc.array(fc.constantFrom(9, 10), { minLength: 1, maxLength: 2 }),
        require: fc.constantFrom("all" as const, "any" as const),
      })
      .map(({ prefixes: named, med, down, ports, require }) =>
        service(
          name,
          named.map((prefix) => route(prefix, med)),
          {
            require,
            when: down ? { down: named.map((prefix) => route(prefix, 500)) } : {},
            checks: ports.map((port, nth) => check(name, `c${nth}`, port)),
          },
        ),
      );
  const other = service("other", [route("192.0.3.0/24")]);
  const anyPlan = fc
    .constantFrom("a", "b")
    .chain(anyService)
    .map((one) => plan(one, other));

  it("decides as the agent, and tells nothing of what a check asks", () => {
    let told = 0;
    fc.assert(
      fc.property(anyPlan, anyPlan, fc.subarray(["a/c0", "a/c1"]), (before, after, failed) => {
        const state = running(before, failed);
        const here = diffReload(state, after, 100, attributesOf);
        const sent = JSON.stringify(takeSnapshot(state, concealPlan(before)));
        assert.doesNotMatch(sent, /127\.0\.0\.1|"host"/);
        const there = restoreSnapshot(JSON.parse(sent));
        assert.deepEqual(diffReload(there, concealPlan(after), 100, attributesOf), here);
        const { actions } = step(
          state,
          { type: "reload", plan: after, actor: "x", force: true },
          100,
        );
        // A new prefix of a service that is down is withdrawn to clean up: that takes nothing away.
        const commands = actions.filter(
          (action) =>
            action.type === "announce" ||
            (action.type === "withdraw" && state.routes.has(action.route.prefix)),
        );
        const { withdrawn, changed, announced } = here.now;
        const expected = withdrawn.length + changed.length + announced.length;
        assert.equal(commands.length, expected, "exactly what the reload does");
        if (expected > 0) told += 1;
      }),
      { numRuns: 300 },
    );
    assert.ok(told > 50, `only ${told} of 300 changed anything on the wire`);
  });
});
