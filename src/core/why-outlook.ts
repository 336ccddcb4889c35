/** What would change the state of a service, and when. */
import { pinOf } from "./orders.ts";
import type { AgentState } from "./state.ts";
import type { Moment } from "./status.ts";
import { onceChecks } from "./why-checks.ts";
import { holdOutlook, withdrawalOutlook } from "./why-holds.ts";
import { riseEndMs } from "./rising.ts";
import { waitsOf } from "./why-waits.ts";
import { orderOutlook } from "./why-orders.ts";
import { soon } from "./why-words.ts";

/** One sentence for each thing that would. */
export function serviceOutlook(state: AgentState, at: number, moment: Moment): string[] {
  const name = state.index.plan.services[at]?.name ?? "";
  const up = onceChecks(state, at, "up", moment);
  const down = onceChecks(state, at, "down", moment);
  switch (state.services[at]?.state) {
    case "stopping":
      return ["The agent ends; the one that ExaBGP starts next judges it anew."];
    case "draining":
    case "drained":
    case "pinned":
      return orderOutlook(state, at, moment);
    case "up":
      return [
        `It goes down ${down}, and out with \`anyctl drain ${name}\`.`,
        ...withdrawalOutlook(state, at, moment),
      ];
    case "degraded":
      return [
        `It goes down ${down}, and out with \`anyctl drain ${name}\`.`,
        "It is up again when no check is down.",
        ...withdrawalOutlook(state, at, moment),
      ];
    case "held":
      return holdOutlook(state, at, moment);
    case "rising": {
      const end = soon(riseEndMs(state, at) ?? moment.nowMs, moment);
      return [`It is announced at ${end} if its checks stay up.`, `It goes down ${down}.`];
    }
    case "down": {
      const waits = waitsOf(state, at, moment);
      return [`${waits.length > 0 ? "Its checks are enough" : "It is up"} again ${up}.`, ...waits];
    }
    case "starting":
    case undefined:
      return startingOutlook(state, name, { up, down }, waitsOf(state, at, moment));
  }
}

function startingOutlook(
  state: AgentState,
  name: string,
  { up, down }: Readonly<Record<"up" | "down", string | undefined>>,
  waits: readonly string[],
): string[] {
  const isUnreadable = !state.areDrainsComplete;
  if (isUnreadable && pinOf(state.pins, name) !== undefined) {
    return ["It is announced as pinned once the drains can be read, unless it is drained."];
  }
  if (up === undefined && down === undefined) {
    return ["Nothing is decided about it before a configuration describes it."];
  }
  const readable = isUnreadable ? "once the drains can be read, unless it is drained" : "";
  // Its checks pass, and only the drains are missing.
  const comes =
    up === undefined
      ? readable
      : [up, isUnreadable && `and ${readable}`].filter(Boolean).join(", ");
  return [
    `${waits.length > 0 ? "Its checks are enough" : "It is up"} ${comes}.`,
    ...waits,
    ...(down === undefined ? [] : [`It is down ${down}.`]),
  ];
}
