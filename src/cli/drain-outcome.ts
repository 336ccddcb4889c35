/** What became of a drain: whether it is done, what is still open, and how the command ends. */
import type { Timers } from "../../checks/timers.ts";
import type { AgentUnreachable } from "../control/client.ts";
import type { Status } from "../control/protocol.ts";
import { CommandError } from "./exit.ts";
import type { CommandIo } from "./io.ts";
import { ALL_SERVICES } from "./order-arguments.ts";
import { drainsOf, listNeighbors, openClauses, timeAhead } from "./order-report.ts";
import { about, isAnswered, neighborsTold, openWithdrawals } from "./order-routes.ts";

export interface AwaitedDrain {
  readonly targets: readonly string[];
  /** Of its files, RFC 3339: it tells the drain from earlier ones. */
  readonly since: string;
  readonly isTransient: boolean;
  /** Whether the stage, and what goes to the neighbors, is waited for. */
  readonly waits: boolean;
}

const UNCERTAIN = "its prefixes may still be announced";

export function isSeen({ drains }: Status, { targets, since, isTransient }: AwaitedDrain): boolean {
  return targets.every((target) =>
    drains.some(
      (drain) =>
        drain.service === target && drain.since === since && drain.transient === isTransient,
    ),
  );
}

/**
 * A new agent has not heard an UPDATE yet, although ExaBGP may tell of them: then it does within 11 ms of the command.
 * Only this long after the answer is it said that it does not.
 */
const ECHO_MS = 200;

/** Follows a drain from look to look. */
export function watchDrain(
  drain: AwaitedDrain,
  timers: Timers,
): { readonly isOver: (status: Status) => boolean; readonly wasSeen: () => boolean } {
  let wasSeen = false;
  let settledMs: number | undefined;
  return {
    wasSeen: () => wasSeen,
    /** Whether there is nothing more to wait for: all is done, or the drain that was seen is gone. */
    isOver(status) {
      if (!isSeen(status, drain)) return wasSeen;
      wasSeen = true;
      if (!isSettled(status, drain)) {
        settledMs = undefined;
        return false;
      }
      if (!drain.waits || status.exabgp.echo === "on") return true;
      settledMs ??= timers.nowMs();
      return timers.nowMs() - settledMs >= ECHO_MS;
    },
  };
}

/** Once it is seen. A withdrawal that failed is told at once, unless somebody waits for the repetition. */
function isSettled(status: Status, { targets, waits }: AwaitedDrain): boolean {
  const { failed, pending, unsent, staged } = openWithdrawals(status, targets);
  if (!waits) return pending.length === 0 && isAnswered(status, targets);
  return failed.length + pending.length + unsent.length + staged.length === 0;
}

/** @param wasSeen Whether the agent has shown it before. */
export function notSeen(
  folder: string,
  { isTransient }: AwaitedDrain,
  wasSeen: boolean,
): CommandError {
  if (wasSeen) {
    const over = "The drain was ended or replaced before all was withdrawn";
    return new CommandError("refused", `${over}, so ${UNCERTAIN}; see \`anyctl status\``);
  }
  const place = isTransient ? "is its socket beside" : "does its state-dir hold";
  const unseen = "The drain stands, but the agent does not show it within 2 s";
  const hint = `${place} ${JSON.stringify(folder)}?`;
  return new CommandError("timedOut", `${unseen}, so ${UNCERTAIN}; ${hint}`);
}

export function unreachable(why: AgentUnreachable, isTransient: boolean): CommandError {
  const unless = isTransient ? ", unless ExaBGP starts again" : "";
  const then = `the drain stands and is obeyed as soon as an agent runs${unless}; until then ${UNCERTAIN}`;
  return new CommandError("unreachable", `${why.message}; ${then}`, why);
}

/** @throws {CommandError} `refused` or `timedOut` if anything is open that the command has waited for. */
export function reportWithdrawal(status: Status, drain: AwaitedDrain, io: CommandIo): void {
  const open = openWithdrawals(status, drain.targets);
  if (drain.waits) {
    const clauses = openClauses(open, "withdrawal", "in time");
    if (clauses.length > 0) throw stillOpen("timedOut", clauses);
    io.stdout(`${proof(status, drain)}\n`);
    return;
  }
  const clauses = openClauses({ ...open, unsent: [], staged: [] }, "withdrawal", "within 2 s");
  if (clauses.length > 0) {
    throw stillOpen(open.failed.length === 0 ? "timedOut" : "refused", clauses);
  }
  for (const { service, withdrawsAt } of open.staged) {
    const outMs = Date.parse(withdrawsAt ?? "");
    const when = Number.isNaN(outMs) ? "when its stage is over" : `at ${timeAhead(outMs, io)}`;
    // The stage is the service's own where --graceful was not given: nobody could refuse it before.
    const isInVain = drainsOf(status, service).every(
      ({ until }) => Date.parse(until ?? "") <= outMs,
    );
    io.stdout(
      isInVain
        ? `${service} is not withdrawn at all: the drain ends before its stage does; use --graceful\n`
        : `${service} is withdrawn ${when}\n`,
    );
  }
}

function stillOpen(code: "refused" | "timedOut", clauses: readonly string[]): CommandError {
  const then = "it may still be announced; the agent goes on trying, see `anyctl status`";
  return new CommandError(code, `The drain stands, but ${clauses.join(", and ")}: ${then}`);
}

/** What is known of the neighbors; an acknowledgment only says that ExaBGP has taken the command. */
function proof(status: Status, { targets }: AwaitedDrain): string {
  const acknowledged = "ExaBGP has acknowledged all withdrawals";
  if (status.exabgp.echo !== "on") {
    return `${acknowledged}; it has not told what it sends to neighbors`;
  }
  const neighbors = neighborsTold(status, about(status, targets), "withdraw");
  return neighbors.length === 0
    ? `${acknowledged}; no neighbor had to be told`
    : `${acknowledged}, and has sent them to ${listNeighbors(neighbors)}`;
}

/** ``Ends by `anyctl undrain dns`, or by itself at … `` */
export function endOfDrain(
  { targets, isTransient }: AwaitedDrain,
  endMs: number | undefined,
  io: CommandIo,
): string {
  const words = targets.includes(ALL_SERVICES) ? "--all" : targets.join(" ");
  const ends = [
    `by \`anyctl undrain ${words}\``,
    ...(endMs === undefined ? [] : [`by itself at ${timeAhead(endMs, io)}`]),
    ...(isTransient ? ["when ExaBGP starts again"] : []),
  ];
  return `Ends ${ends.join(", or ")}`;
}
