/** How the agent is, in one line for `systemctl status`: numbers and closed words. */
import type { BridgeStatus } from "exabgp-ts-bridge";
import type { State } from "../core/decide.ts";
import type { AgentState } from "../core/state.ts";

/** States in which a service is announced as it is meant to be: nothing is said of them. */
const WELL: ReadonlySet<State> = new Set(["up", "pinned"]);

/** @param state undefined: the agent is still starting. */
export function statusLine(
  state: Pick<AgentState, "services"> | undefined,
  bridge: Pick<BridgeStatus, "identity" | "sessions">,
): string {
  return `${servicesText(state?.services)}; ${exabgpText(bridge)}`;
}

function servicesText(services: AgentState["services"] | undefined): string {
  if (services === undefined) return "starting";
  if (services.length === 0) return "no services";
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
