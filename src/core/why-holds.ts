/** What the hold of a service has counted, until when it waits, and what the next withdrawal would cost. */
import { decide } from "./decide.ts";
import {
  countedWithdrawals,
  costOfWithdrawalMs,
  heldUntilMs,
  lastWithdrawalMs,
  serviceHoldEndMs,
} from "./holds.ts";
import { circumstancesOf } from "./settle.ts";
import { span } from "./span.ts";
import type { AgentState } from "./state.ts";
import type { Moment } from "./status.ts";
import { ago, soon } from "./why-words.ts";

/** Nothing to say of a service that has no hold, or was not withdrawn lately. */
export function holdEvidence(state: AgentState, at: number, moment: Moment): string[] {
  const hold = state.index.plan.services[at]?.hold;
  const count = countedWithdrawals(state, at, moment.nowMs);
  const lastMs = lastWithdrawalMs(state, at);
  const endMs = serviceHoldEndMs(state, at);
  if (hold === undefined || lastMs === undefined || count === 0) return [];
  const what =
    count === 1
      ? `One withdrawal counts for its hold, at ${ago(lastMs, moment)}`
      : `${count} withdrawals count for its hold, the last at ${ago(lastMs, moment)}`;
  return [
    endMs > moment.nowMs
      ? `${what}: it is not announced anew before ${soon(endMs, moment)}.`
      : `${what}.`,
  ];
}

/** When a service that is held is judged again, and how to have it judged at once. */
export function holdOutlook(state: AgentState, at: number, moment: Moment): string[] {
  const name = state.index.plan.services[at]?.name ?? "";
  const then = decide({ ...circumstancesOf(state, at, moment.nowMs), heldInsteadOf: [] });
  return [
    `The hold is over at ${soon(heldUntilMs(state, at, moment.nowMs) ?? moment.nowMs, moment)}, or at once with \`anyctl undrain ${name} --clear-hold\`.`,
    `Without it, it would be ${then.state} (${then.reason}) now.`,
  ];
}

/** What a service that may be announced has to fear; nothing where a withdrawal costs nothing. */
export function withdrawalOutlook(state: AgentState, at: number, { nowMs }: Moment): string[] {
  const costMs = costOfWithdrawalMs(state, at, nowMs);
  return costMs <= 0
    ? []
    : [`If it were withdrawn now, it would not be announced anew for ${span(costMs)}.`];
}
