/** Waiting until the agent has seen what was ordered, and what became of it. */
import { AgentUnreachable } from "../control/client.ts";
import type { Status } from "../control/protocol.ts";
import { tryStatus } from "./agent-client.ts";
import type { CommandIo } from "./io.ts";

/** The agent sees a change within 100 ms, and ExaBGP answers within 10. Messages say `2 s`. */
const GLANCE_MS = 2000;

/** Between two looks, within the first `GLANCE_MS`, and later: a stage lasts minutes. */
const PAUSES_MS = [25, 250] as const;

/** ExaBGP starts an agent that has died at once; it answers within a second, on a busy host later. */
const RESPAWN_MS = 5000;

export interface Patience {
  /** From now on. */
  readonly limitMs: number;
  /** How long from `status` on to wait at least; a stage that the order does not know may last longer. */
  readonly extendMs?: (status: Status) => number;
  /** Whether an agent that has answered may be away while it is started again. */
  readonly outlivesAgent?: boolean;
}

/** What commands wait for without `--wait`. */
export const GLANCE: Patience = { limitMs: GLANCE_MS };

/**
 * Asks until `isSettled`.
 *
 * @returns The last status; `isSettled` may not hold for it when the time is over.
 */
export async function waitForStatus(
  socketPath: string,
  isSettled: (status: Status) => boolean,
  { limitMs, extendMs = () => 0, outlivesAgent = false }: Patience,
  io: CommandIo,
): Promise<Status | AgentUnreachable> {
  const { timers } = io;
  const startMs = timers.nowMs();
  let endMs = startMs + limitMs;
  let lostSinceMs: number | undefined;
  for (;;) {
    const nowMs = timers.nowMs();
    const isLast = nowMs >= endMs;
    // Each look may take its time: an agent that is slow at the end is not one that does not answer.
    const status = await tryStatus(socketPath, io);
    if (status instanceof AgentUnreachable) {
      lostSinceMs ??= nowMs;
      if (!outlivesAgent || isLast || nowMs - lostSinceMs >= RESPAWN_MS) return status;
    } else {
      lostSinceMs = undefined;
      if (isSettled(status) || isLast) return status;
      endMs = Math.max(endMs, timers.nowMs() + extendMs(status));
    }
    const pauseMs = PAUSES_MS[nowMs - startMs < GLANCE_MS ? 0 : 1];
    const restMs = Math.max(0, endMs - timers.nowMs());
    await new Promise<void>((resolve) => timers.after(Math.min(pauseMs, restMs), resolve));
  }
}
