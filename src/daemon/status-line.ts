/** How the agent is, in one line for `systemctl status`: numbers and closed words, and nothing that anybody wrote. */
import type { BridgeStatus } from "exabgp-ts-bridge";
import type { State } from "../core/decide.ts";
import type { AgentState } from "../core/state.ts";
import type { ProblemKind } from "./problems.ts";
import type { StatusSources } from "./status.ts";

/** States in which a service is announced as it is meant to be: nothing is said of them. */
const WELL: ReadonlySet<State> = new Set(["up", "pinned"]);

/** What the line says in other words, or in another part of it. */
const SAID_OTHERWISE: ReadonlySet<string> = new Set<ProblemKind>(["configuration", "watchdog"]);

type Sources = Pick<StatusSources, "state" | "bridge" | "config" | "problems">;

export function statusLine({ state, bridge, config, problems }: Sources): string {
  const words = problems.list().map(({ word }) => word);
  const others = words.filter((word) => !SAID_OTHERWISE.has(word)).toSorted();
  return [
    ...configText(config),
    servicesText(state?.services),
    exabgpText(bridge.status()),
    ...(others.length === 0 ? [] : [`problems: ${others.join(", ")}`]),
  ].join("; ");
}

function configText({ origin, current }: Sources["config"]): string[] {
  if (origin === "none") return ["no usable configuration"];
  if (current) return [];
  const standing = origin === "last-good" ? "last good one" : "one before";
  return [`invalid configuration: ${standing} in force`];
}

function servicesText(services: AgentState["services"] | undefined): string {
  if (services === undefined) return "starting";
  const announced = services.filter(({ held }) => held === "announce").length;
  const counts = new Map<State, number>();
  for (const { state } of services) {
    if (!WELL.has(state)) counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  const others = [...counts].map(([state, count]) => `, ${count} ${state}`);
  const noun = services.length === 1 ? "service" : "services";
  return `${announced} of ${services.length} ${noun} announced${others.join("")}`;
}

function exabgpText({ identity, sessions }: Pick<BridgeStatus, "identity" | "sessions">): string {
  if (identity === undefined) return "ExaBGP has not answered yet";
  const all = [...sessions.values()];
  const up = all.filter(({ state }) => state === "up").length;
  const known = all.length === 0 ? "no session known" : `${up} of ${all.length} sessions up`;
  return `ExaBGP ${identity.version}, ${known}`;
}
