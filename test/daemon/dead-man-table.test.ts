import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encodeAnnounce, encodeWithdraw, isCommandLine } from "exabgp-ts-bridge";
import type { DeadManMessage } from "../../src/daemon/dead-man-message.ts";
import { HeldRoutes, planMessage } from "../../src/daemon/dead-man-routes.ts";
import { DeadManTable } from "../../src/daemon/dead-man-table.ts";
import { indexPlan } from "../../src/core/index-plan.ts";
import { UNTOLD, type RouteState } from "../../src/core/routes.ts";
import { planOf } from "./fixtures.ts";

const A = { prefix: "192.0.2.0/24", nextHop: "self", med: 5 };
const B = { prefix: "2001:db8::/48", nextHop: "self", communities: ["64496:1", "65535:0"] };
const PLAN = "withdraw 192.0.2.0/24 web,dns\nwithdraw 2001:db8::/48 web\nkeep 198.51.100.0/24 slow";

function linesAfter(...messages: readonly (readonly [DeadManMessage["kind"], string])[]): string[] {
  const table = new DeadManTable();
  table.take({ kind: "plan", text: PLAN });
  for (const [kind, text] of messages) table.take({ kind, text });
  const lines = table.withdrawals().map(({ line }) => line);
  assert.deepEqual(
    lines.filter((line) => !isCommandLine(line)),
    [],
  );
  return lines;
}

describe("what the dead-man's switch would withdraw", () => {
  it("is what was announced, with its attributes", () => {
    const written = [A, B].map((one) => ["written", encodeAnnounce(one)] as const);
    assert.deepEqual(linesAfter(...written), [encodeWithdraw(A), encodeWithdraw(B)]);
  });

  it("has the attributes that were written last, whatever is wanted meanwhile", () => {
    assert.deepEqual(
      linesAfter(
        ["written", encodeAnnounce(A)],
        ["written", encodeAnnounce({ ...A, med: 7 })],
        ["held", encodeWithdraw({ ...A, med: 9 })],
      ),
      [encodeWithdraw({ ...A, med: 7 })],
    );
  });

  it("is what an earlier life left, too", () => {
    assert.deepEqual(linesAfter(["held", `${encodeWithdraw(A)}\n${encodeWithdraw(B)}`]), [
      encodeWithdraw(A),
      encodeWithdraw(B),
    ]);
  });

  it("is none of what is gone, kept, or nobody's", () => {
    assert.deepEqual(
      linesAfter(
        ["written", encodeAnnounce(A)],
        ["written", encodeAnnounce(B)],
        ["gone", "192.0.2.0/24 2001:db8::/48"],
        ["written", "announce route 198.51.100.0/24 next-hop self"],
        ["written", "announce route 203.0.113.0/24 next-hop self"],
      ),
      [],
    );
  });

  it("follows another plan", () => {
    assert.deepEqual(
      linesAfter(
        ["written", encodeAnnounce(A)],
        ["written", "announce route 198.51.100.0/24 next-hop self"],
        ["plan", "keep 192.0.2.0/24 web\nwithdraw 198.51.100.0/24 slow"],
      ),
      ["withdraw route 198.51.100.0/24 next-hop self"],
    );
  });

  it("is at all neighbors that were told, though the last line was for one of them", () => {
    const some = (...neighbors: readonly string[]) => ({ ...A, neighbors });
    const one = "198.51.100.1";
    const other = "198.51.100.2";
    assert.deepEqual(
      linesAfter(["written", encodeAnnounce(A)], ["written", encodeAnnounce(some(one))]),
      [encodeWithdraw(A)],
    );
    assert.deepEqual(
      linesAfter(["written", encodeAnnounce(some(one))], ["written", encodeAnnounce(some(other))]),
      [encodeWithdraw(some(one, other))],
    );
    assert.deepEqual(
      linesAfter(
        ["written", encodeAnnounce(some(one, other))],
        ["held", encodeWithdraw(some(other))],
      ),
      [encodeWithdraw(some(other))],
    );
  });

  it("goes on bulk lines of 12 prefixes from 33 on, but for 6.0, a small group first", () => {
    const prefixes = Array.from({ length: 50 }, (_, nth) => `10.0.${nth}.0/24`);
    const plan = prefixes.map((prefix) => `withdraw ${prefix} many`);
    const messages = [
      ["plan", [...plan, "withdraw 192.0.2.0/24 web"].join("\n")],
      ["written", `announce attributes next-hop self med 1 nlri ${prefixes.join(" ")}`],
      ["written", encodeAnnounce(A)],
    ] as const;
    const bulk = "withdraw attributes next-hop self med 1 nlri";
    assert.deepEqual(linesAfter(...messages), [
      encodeWithdraw(A),
      ...[0, 12, 24, 36].map((from) => `${bulk} ${prefixes.slice(from, from + 12).join(" ")}`),
      `${bulk} ${prefixes.slice(48).join(" ")}`,
    ]);
    assert.equal(linesAfter(...messages, ["dialect", "6"]).length, 51);
  });
});

describe("what it is told of the plan", () => {
  const shared = (mode: "all" | "any", ...stalls: readonly ("keep" | undefined)[]) => {
    const plan = planOf(...stalls.map((_, nth) => `s${nth}`));
    const services = plan.services.map((service, nth) => {
      const onStall = stalls[nth];
      const routes = [{ prefix: "192.0.2.0/24", nextHop: "self" }];
      return { ...service, routes, shared: mode, ...(onStall && { onStall }) };
    });
    return planMessage(indexPlan({ ...plan, services })).text;
  };

  it("withdraws a prefix of all when one of them says so, a prefix of any when all do", () => {
    assert.equal(shared("all", "keep", undefined), "withdraw 192.0.2.0/24 s0,s1");
    assert.equal(shared("all", "keep", "keep"), "keep 192.0.2.0/24 s0,s1");
    assert.equal(shared("any", "keep", undefined), "keep 192.0.2.0/24 s0,s1");
    assert.equal(shared("any", undefined, undefined), "withdraw 192.0.2.0/24 s0,s1");
  });
});

describe("what it is told of routes", () => {
  const owned = (route: typeof A): RouteState => ({
    ...UNTOLD,
    owned: { route, services: ["web"], shared: "all" },
  });

  it("is each change once: what may be held, and what is gone", () => {
    const held = new HeldRoutes();
    const first = new Map([["192.0.2.0/24", owned(A)]]);
    const lines = [{ kind: "held", text: encodeWithdraw(A) }];
    assert.deepEqual(held.changes(first, 4), lines);
    assert.deepEqual(held.changes(new Map(first), 4), []);
    const gone = [{ kind: "gone", text: "192.0.2.0/24" }];
    assert.deepEqual(held.changes(new Map([["192.0.2.0/24", UNTOLD]]), 4), gone);
    assert.deepEqual(held.changes(first, 4), lines);
    assert.deepEqual(held.changes(new Map(), 4), gone);
    held.changes(first, 4);
    held.forget();
    assert.deepEqual(held.changes(first, 4), lines);
  });

  it("is five hundred at once of ten thousand", () => {
    const held = new HeldRoutes();
    const routes = new Map(
      Array.from({ length: 1200 }, (_, nth) => {
        const prefix = `10.${nth >> 8}.${nth & 255}.0/24`;
        return [prefix, owned({ ...A, prefix })] as const;
      }),
    );
    const counts = [1, 2, 3, 4].map(() =>
      held.changes(routes, 4).map(({ text }) => text.split("\n").length),
    );
    assert.deepEqual(counts, [[500], [500], [200], []]);
  });
});
