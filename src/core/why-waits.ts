/** What a service waits for when its checks are enough: its hold, and `min-up-time`. */
import { serviceHoldEndMs } from "./holds.ts";
import { risesAtMs } from "./rising.ts";
import { span } from "./span.ts";
import type { AgentState } from "./state.ts";
import type { Moment } from "./status.ts";
import { soon } from "./why-words.ts";

/** A sentence each; nothing where it is up at once. */
export function waitsOf(state: AgentState, at: number, moment: Moment): string[] {
  const planned = state.index.plan.services[at];
  const service = state.services[at];
  if (planned === undefined || service === undefined) return [];
  const { name, minUpTimeMs } = planned;
  const holdEndMs = serviceHoldEndMs(state, at);
  const isHeld = holdEndMs > moment.nowMs;
  // A drain's end begins anew.
  const isDrained = service.state === "draining" || service.state === "drained";
  const sinceMs = isDrained ? undefined : service.metSinceMs;
  const endMs = risesAtMs(service.state, sinceMs, minUpTimeMs);
  const riseMs = endMs === undefined ? minUpTimeMs : endMs - moment.nowMs;
  return [
    ...(riseMs > 0 ? [`It must stay so for ${span(riseMs)} (min-up-time) before it is up.`] : []),
    ...(isHeld
      ? [
          `Before ${soon(holdEndMs, moment)} it is only held, unless \`anyctl undrain ${name} --clear-hold\` ends that.`,
        ]
      : []),
  ];
}
