/** `anyctl drain` */
import { join } from "node:path";
import { formatDuration } from "../../config/duration.ts";
import { AgentUnreachable } from "../../control/client.ts";
import { tryStatus } from "../agent-client.ts";
import { defineCommand } from "../command.ts";
import {
  endOfDrain,
  isSeen,
  notSeen,
  reportWithdrawal,
  unreachable,
  watchDrain,
  type AwaitedDrain,
} from "../drain-outcome.ts";
import { CommandError, EXIT, type ExitStatus } from "../exit.ts";
import type { CommandIo } from "../io.ts";
import { locate } from "../location.ts";
import { checkReason, orderBy, targetsOf } from "../order-arguments.ts";
import { checkConflict } from "../order-conflict.ts";
import { readStanding, replaceOrder, type Order, type Standing } from "../order-file.ts";
import { cannotWrite, folderOf, makeFolder } from "../order-folder.ts";
import { checkTargets } from "../order-names.ts";
import { printReplaced, printServices, printStanding } from "../order-report.ts";
import { stageLeftMs } from "../order-routes.ts";
import { endOf, gracefulOf, timeoutOf } from "../order-times.ts";
import { GLANCE, waitForStatus, type Patience } from "../order-wait.ts";
import { StopTime } from "../stop-time.ts";

/** After the last stage is over: ExaBGP answers within milliseconds, behind a long listing within seconds. */
const ANSWER_MS = 10_000;

export const command = defineCommand({
  signature: "drain [service..]",
  describe: "Take services, or the whole PoP, out of the anycast set",
  positionals: {
    service: {
      type: "string",
      array: true,
      describe: "Names of services",
      defaultDescription: "none",
    },
  },
  options: {
    all: { type: "boolean", describe: "The whole PoP, and services that it gets later" },
    reason: {
      type: "string",
      requiresArg: true,
      demandOption: true,
      describe: "Why, for the audit record and for colleagues; at most 1 KiB",
    },
    for: { type: "string", requiresArg: true, describe: "Ends by itself after, such as 30m or 2h" },
    until: {
      type: "string",
      requiresArg: true,
      describe: "Ends by itself at HH:MM, 'YYYY-MM-DD HH:MM', or RFC 3339",
    },
    graceful: {
      type: "string",
      requiresArg: true,
      describe: "How long to announce when.draining before the withdrawal [drain-delay]",
    },
    transient: {
      type: "boolean",
      describe: "Gone after a reboot, and when ExaBGP starts again",
    },
    wait: { type: "boolean", describe: "Return when the prefixes are withdrawn" },
    timeout: {
      type: "string",
      requiresArg: true,
      describe: "How long to --wait [the stage, and 10s]",
    },
  },
  examples: [
    ["drain dns --reason 'upgrade, CHG-1234'", "Before maintenance of one service"],
    ["drain --all --reason 'new kernel' --wait", "Before a reboot"],
    ["drain dns --reason CHG-7 --for 2h", "Over by itself"],
  ],
  notes: `A drain is a file in state-dir/drains. It survives restarts and reboots, and it stands without an
agent too. The services keep running; only their prefixes are withdrawn. Another operator's drain
is replaced only by one that lasts at least as long.

Exit status 0: ExaBGP has accepted the withdrawals, or announces the stage; with --wait also the
stage is over and, where ExaBGP tells what it sends, the neighbors were sent the withdrawals.
1: the drain was refused, ExaBGP did not accept a withdrawal, or the drain ended while waiting.
3: no agent answers. 4: after 2 s, or the time to --wait, something is still open; it is said what.
Unless it is 0 with --wait, a prefix may still be announced: do not reboot yet.`,
  async run(args, io): Promise<ExitStatus> {
    const targets = targetsOf(args);
    const reason = checkReason(args.reason);
    const endMs = endOf(args, io);
    const gracefulMs = gracefulOf(args, endMs, io);
    const timeoutMs = timeoutOf(args);
    const order: Order = {
      ...orderBy(reason, io),
      ...(endMs !== undefined && { until: new Date(endMs).toISOString() }),
      ...(gracefulMs !== undefined && { graceful: formatDuration(gracefulMs) }),
    };
    const location = await locate(args, io);
    const { socketPath } = location;
    const before = await tryStatus(socketPath, io);
    const unchecked = await checkTargets(targets, before, location);
    const isTransient = args.transient === true;
    const kind = isTransient ? "transient" : "drains";
    // All of them before any is written: a command that is refused should have done nothing.
    for (const service of targets) {
      const standing = await readStanding(folderOf(location, kind), service);
      checkConflict(standing, { noun: "drain", service, endMs }, io);
    }
    const folder = await makeFolder(location, kind);
    for (const service of targets) await write(folder, service, order, endMs, io);
    if (unchecked !== undefined) io.stderr(`anyctl: ${unchecked}\n`);
    if (before instanceof AgentUnreachable) throw unreachable(before, isTransient);

    const drain = { targets, since: order.since, isTransient, waits: args.wait === true };
    const progress = watchDrain(drain, io.timers);
    const after = await waitForStatus(
      socketPath,
      progress.isOver,
      drain.waits ? patienceOf(drain, gracefulMs, timeoutMs, io) : GLANCE,
      io,
    );
    if (after instanceof AgentUnreachable) throw unreachable(after, isTransient);
    if (!isSeen(after, drain)) throw notSeen(folder, drain, progress.wasSeen());
    printServices(after, targets, io);
    reportWithdrawal(after, drain, io);
    io.stdout(`${endOfDrain(drain, endMs, io)}\n`);
    return EXIT.done;
  },
});

async function write(
  folder: string,
  service: string,
  order: Order,
  endMs: number | undefined,
  io: CommandIo,
): Promise<void> {
  const judge = (standing: Standing) => {
    checkConflict(standing, { noun: "drain", service, endMs }, io);
    return order;
  };
  const replaced = await replaceOrder(folder, service, judge, io.timers).catch((error: unknown) => {
    throw error instanceof CommandError ? error : cannotWrite(folder, error);
  });
  printStanding("drain", join(folder, service), io);
  printReplaced("drain", replaced, io);
}

function patienceOf(
  { targets }: AwaitedDrain,
  gracefulMs: number | undefined,
  timeoutMs: number | undefined,
  io: CommandIo,
): Patience {
  const stopTime = new StopTime(io);
  if (timeoutMs !== undefined) {
    stopTime.need(timeoutMs);
    return { limitMs: timeoutMs, outlivesAgent: true };
  }
  return {
    limitMs: (gracefulMs ?? 0) + ANSWER_MS,
    extendMs: (status) => {
      const leftMs = stageLeftMs(status, targets, io.wallMs());
      if (leftMs === 0) return 0;
      stopTime.need(leftMs + ANSWER_MS);
      return leftMs + ANSWER_MS;
    },
    outlivesAgent: true,
  };
}
