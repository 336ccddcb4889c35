/** `anyctl undrain` */
import { AgentUnreachable } from "../../control/client.ts";
import type { Status } from "../../control/protocol.ts";
import { tryStatus } from "../agent-client.ts";
import { defineCommand } from "../command.ts";
import { CommandError, EXIT, type ExitStatus } from "../exit.ts";
import type { CommandIo } from "../io.ts";
import { heldTargets, isCleared } from "../hold-clearing.ts";
import { locate, type Location } from "../location.ts";
import { ALL_SERVICES, checkReason, orderBy, targetsOf } from "../order-arguments.ts";
import { endOrder } from "../order-end.ts";
import { readStanding, type Order } from "../order-file.ts";
import { folderOf, makeFolder, type FolderKind } from "../order-folder.ts";
import { checkTargets } from "../order-names.ts";
import { drainsOf, printServices, stillDrained } from "../order-report.ts";
import { about, isAnswered } from "../order-routes.ts";
import { timeoutOf } from "../order-times.ts";
import { GLANCE, waitForStatus } from "../order-wait.ts";
import { isBackOrStays, reportReturn } from "../undrain-outcome.ts";

/** Many times what the checks need with the defaults. */
const RETURN_MS = 60_000;

export const command = defineCommand({
  signature: "undrain [service..]",
  describe: "End drains; the checks must pass before a prefix is announced again",
  positionals: {
    service: {
      type: "string",
      array: true,
      describe: "Names of services",
      defaultDescription: "none",
    },
  },
  options: {
    all: {
      type: "boolean",
      describe: "The drain of the whole PoP; those of single services stand on",
    },
    "clear-hold": {
      type: "boolean",
      describe: "Also forget the withdrawals for which a service is held",
    },
    reason: {
      type: "string",
      requiresArg: true,
      describe: "Why, for the audit record; at most 1 KiB",
    },
    wait: { type: "boolean", describe: "Return when the prefixes are announced" },
    timeout: { type: "string", requiresArg: true, describe: "How long to --wait [1m]" },
  },
  completes: { service: "drained" },
  examples: [
    ["undrain dns", "After maintenance"],
    ["undrain dns --clear-hold --reason 'cable replaced'", "When it no longer flaps"],
    ["undrain --all --reason 'racks moved' --wait", "Ends what `drain --all` began"],
  ],
  notes: `What is not drained stays so: exit status 0. It means that the drain is over, not that a prefix
is announced: the checks must pass first. With --wait it means that all prefixes are announced,
ExaBGP has acknowledged them and, where it tells what it sends, the neighbors were sent them.
With --clear-hold a service need not be drained: its hold ends too.

Exit status 1: with --wait, another drain keeps a service out; it is said which. 3: no agent
answers. 4: after 2 s the agent still shows the drain, or after the time to --wait a prefix is not
announced; it is said why. With 3 and 4 the order stands for an agent that sees it.`,
  async run(args, io): Promise<ExitStatus> {
    const targets = targetsOf(args);
    const reason = args.reason === undefined ? "" : checkReason(args.reason);
    const timeoutMs = timeoutOf(args);
    const clears = args["clear-hold"] === true;
    const order: Order = {
      undrain: true,
      ...(clears && { clearHold: true }),
      ...orderBy(reason, io),
    };
    const location = await locate(args, io);
    const { socketPath } = location;
    const before = await tryStatus(socketPath, io);
    const standing = await findStanding(targets, location);
    const absent = targets.filter((target) => !standing.has(target));
    // A drain may outlive its service; where there is none, the name is perhaps misspelt.
    await checkTargets(absent, before, location);
    const cleared = clears ? heldTargets(targets, before) : [];
    const what = clears ? "neither drained nor held" : "not drained";
    for (const target of absent) {
      if (!cleared.includes(target)) io.stdout(`${nameOf(target)} was ${what}\n`);
    }
    for (const [target, kinds] of standing) {
      for (const kind of kinds) {
        await endOrder("drain", folderOf(location, kind), target, order, io);
      }
      io.stdout(`${nameOf(target)} is to be undrained\n`);
    }
    for (const target of cleared) {
      // Where there is a drain, the order that ends it says so too.
      if (!standing.has(target)) {
        await endOrder("drain", await makeFolder(location, "drains"), target, order, io);
      }
      const whose = target === ALL_SERVICES ? "All withdrawals" : `The withdrawals of ${target}`;
      io.stdout(`${whose} are to be forgotten\n`);
    }
    if (!targets.includes(ALL_SERVICES) && (await isPopDrained(location))) {
      io.stdout("The whole PoP is drained all the same; see `anyctl undrain --all`\n");
    }
    const drained = [...standing.keys()];
    const ended = [...new Set([...drained, ...cleared])];
    const waits = args.wait === true;
    if (ended.length === 0 && !waits) {
      if (!(before instanceof AgentUnreachable)) printOthers(before, targets, io);
      return EXIT.done;
    }
    const isSeen = ({ drains }: Status) =>
      !drains.some(({ service, kind }) => kind === "operator" && drained.includes(service));
    const isForgotten = (status: Status) => isCleared(before, status, cleared);
    const after =
      before instanceof AgentUnreachable
        ? before
        : await waitForStatus(
            socketPath,
            (status) =>
              isSeen(status) &&
              isForgotten(status) &&
              (waits ? isBackOrStays(status, targets) : isAnswered(status, ended)),
            waits ? { limitMs: timeoutMs ?? RETURN_MS, outlivesAgent: true } : GLANCE,
            io,
          );
    if (after instanceof AgentUnreachable) {
      const end = drained.length > 0 ? "drain" : "hold";
      const then = ended.length === 0 ? "" : `; the ${end} ends as soon as an agent runs`;
      throw new CommandError("unreachable", `${after.message}${then}`, after);
    }
    if (!isSeen(after) || !isForgotten(after)) {
      const hint = `does its state-dir hold ${JSON.stringify(folderOf(location, "drains"))}?`;
      const shown = isSeen(after) ? "hold" : "drain";
      const unseen = `The order to undrain stands, but the agent still shows the ${shown} after 2 s`;
      throw new CommandError("timedOut", `${unseen}, so it may go on; ${hint}`);
    }
    printServices(after, waits ? targets : ended, io);
    printOthers(after, targets, io);
    if (waits) reportReturn(after, targets, io);
    else if (about(after, ended).some(({ state }) => state === "starting")) {
      io.stdout("The checks must pass before it is announced; --wait waits for that\n");
    }
    return EXIT.done;
  },
});

/** In which folders there is an order for each target, drain or not yet seen undrain. */
async function findStanding(
  targets: readonly string[],
  location: Location,
): Promise<Map<string, readonly FolderKind[]>> {
  const found = new Map<string, readonly FolderKind[]>();
  for (const target of targets) {
    for (const kind of ["drains", "transient"] as const) {
      const { kind: what } = await readStanding(folderOf(location, kind), target);
      if (what !== "none") found.set(target, [...(found.get(target) ?? []), kind]);
    }
  }
  return found;
}

async function isPopDrained(location: Location): Promise<boolean> {
  for (const kind of ["drains", "transient"] as const) {
    const { kind: what } = await readStanding(folderOf(location, kind), ALL_SERVICES);
    if (what === "stands") return true;
  }
  return false;
}

/** Drains that stand on and of which the files say nothing, or whose service was not named. */
function printOthers(status: Status, targets: readonly string[], io: CommandIo): void {
  for (const { name } of about(status, targets)) {
    for (const drain of drainsOf(status, name)) {
      if (drain.kind === "operator" && drain.service === ALL_SERVICES) continue;
      io.stdout(`${stillDrained(name, drain)}\n`);
    }
  }
}

function nameOf(target: string): string {
  return target === ALL_SERVICES ? "The PoP as a whole" : target;
}
