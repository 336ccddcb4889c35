/** A small PoP: what the core would have ExaBGP told, given what lies on a disk. */
import assert from "node:assert/strict";
import { encodeAnnounce, encodeWithdraw, isCommandLine } from "exabgp-ts-bridge";
import { pass } from "../../checks/probe.ts";
import { step } from "../../src/core/agent.ts";
import { startAgent } from "../../src/core/configure.ts";
import type { Drain, Input, Pin } from "../../src/core/inputs.ts";
import type { AgentState, Step } from "../../src/core/state.ts";
import { planOf } from "../daemon/fixtures.ts";
import { toldBy } from "./command-line.ts";

export const PLAN = planOf("dns", "web");

/** By service. */
export const PREFIX_OF: ReadonlyMap<string, string> = new Map(
  PLAN.services.map(({ name, routes }) => [name, routes[0]?.prefix ?? ""]),
);

export interface Life {
  /** Prefixes, as the lines would say them. */
  readonly announced: ReadonlySet<string>;
  readonly withdrawn: ReadonlySet<string>;
  /** Those before any check has passed. */
  readonly announcedAtOnce: ReadonlySet<string>;
}

/** A life of the agent: it starts, reads the orders, and every check passes twice. */
export function live(
  nowMs: number,
  orders: { readonly drains: readonly Drain[]; readonly pins?: readonly Pin[] },
  start: Partial<{
    owned: Parameters<typeof startAgent>[1];
    flaps: Parameters<typeof startAgent>[4];
  }> = {},
): Life {
  const told = { announce: new Set<string>(), withdraw: new Set<string>() };
  const note = ({ actions }: Step): void => {
    for (const action of actions) {
      if (action.type !== "announce" && action.type !== "withdraw") continue;
      const line = (action.type === "announce" ? encodeAnnounce : encodeWithdraw)(action.route);
      assert.ok(isCommandLine(line), line);
      for (const prefix of toldBy(line)?.prefixes ?? []) told[action.type].add(prefix);
    }
  };
  const first = startAgent(PLAN, start.owned ?? new Map(), orders.drains, nowMs, start.flaps);
  note(first);
  let state: AgentState = first.state;
  const take = (input: Input, atMs: number): void => {
    const next = step(state, input, atMs);
    note(next);
    state = next.state;
  };
  take({ type: "pins", pins: orders.pins ?? [], unpins: [] }, nowMs);
  const announcedAtOnce = new Set(told.announce);
  for (const atMs of [nowMs, nowMs + 1]) {
    for (const { checks } of PLAN.services) {
      for (const { id } of checks) {
        take({ type: "result", check: id, result: pass(), startedMs: atMs, elapsedMs: 0 }, atMs);
      }
    }
  }
  return { announced: told.announce, withdrawn: told.withdraw, announcedAtOnce };
}
