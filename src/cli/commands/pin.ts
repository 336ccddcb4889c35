/** `anyctl pin` */
import { join } from "node:path";
import { AgentUnreachable } from "../../control/client.ts";
import type { Status } from "../../control/protocol.ts";
import { tryStatus } from "../agent-client.ts";
import { defineCommand } from "../command.ts";
import { CommandError, EXIT, type ExitStatus } from "../exit.ts";
import type { CommandIo } from "../io.ts";
import { locate } from "../location.ts";
import { checkName } from "../names.ts";
import { checkReason, orderBy } from "../order-arguments.ts";
import { checkConflict } from "../order-conflict.ts";
import { replaceOrder, type Order, type Standing } from "../order-file.ts";
import { cannotWrite, makeFolder } from "../order-folder.ts";
import { checkTargets } from "../order-names.ts";
import {
  drainsOf,
  openClauses,
  printReplaced,
  printServices,
  printStanding,
  stillDrained,
  timeAhead,
} from "../order-report.ts";
import { about, openAnnouncements, type Open } from "../order-routes.ts";
import { endOf } from "../order-times.ts";
import { GLANCE, waitForStatus } from "../order-wait.ts";

export const command = defineCommand({
  signature: "pin <service>",
  describe: "Announce a service whatever its checks say, for a while",
  positionals: {
    service: { type: "string", demandOption: true, describe: "Name of a service" },
  },
  options: {
    reason: {
      type: "string",
      requiresArg: true,
      demandOption: true,
      describe: "Why, for the audit record and for colleagues; at most 1 KiB",
    },
    for: {
      type: "string",
      requiresArg: true,
      demandOption: true,
      describe: "Ends by itself after, such as 30m; at most 7 days",
    },
  },
  examples: [["pin dns --reason INC-77 --for 1h", "A check fails wrongly"]],
  notes: `A pin is a file in state-dir/pins. A pinned service that is dead attracts traffic and drops it: pin
what you know better than its checks. The checks go on; a drain always beats a pin.

Exit status 0: the agent obeys, and ExaBGP has accepted the announcements; where the service is
drained, it is pinned after that. 1: refused, or ExaBGP did not accept one. 3: no agent answers; the
pin stands for the next one. 4: after 2 s the agent has not seen it, or ExaBGP has not answered.`,
  async run(args, io): Promise<ExitStatus> {
    const { service } = args;
    checkName("service", service);
    const reason = checkReason(args.reason);
    const endMs = endOf({ for: args.for }, io) ?? io.wallMs();
    const order: Order = { ...orderBy(reason, io), until: new Date(endMs).toISOString() };
    const location = await locate(args, io);
    const { socketPath } = location;
    const before = await tryStatus(socketPath, io);
    const unchecked = await checkTargets([service], before, location);
    const folder = await makeFolder(location, "pins");
    const judge = (standing: Standing) => {
      checkConflict(standing, { noun: "pin", service, endMs }, io);
      return order;
    };
    const replaced = await replaceOrder(folder, service, judge, io.timers).catch((error) => {
      throw error instanceof CommandError ? error : cannotWrite(folder, error);
    });
    printStanding("pin", join(folder, service), io);
    printReplaced("pin", replaced, io);
    if (unchecked !== undefined) io.stderr(`anyctl: ${unchecked}\n`);
    const isSeen = ({ pins }: Status) =>
      pins.some((pin) => pin.service === service && pin.since === order.since);
    const after =
      before instanceof AgentUnreachable
        ? before
        : await waitForStatus(
            socketPath,
            (status) => isSeen(status) && openOf(status, service).pending.length === 0,
            GLANCE,
            io,
          );
    if (after instanceof AgentUnreachable) {
      const then = "the pin stands and is obeyed as soon as an agent runs";
      throw new CommandError("unreachable", `${after.message}; ${then}`, after);
    }
    if (!isSeen(after)) {
      const hint = `does its state-dir hold ${JSON.stringify(folder)}?`;
      const unseen = "The pin stands, but the agent does not show it within 2 s";
      throw new CommandError("timedOut", `${unseen}; ${hint}`);
    }
    printServices(after, [service], io);
    reportPin(after, service, io);
    io.stdout(`Ends by \`anyctl unpin ${service}\`, or by itself at ${timeAhead(endMs, io)}\n`);
    return EXIT.done;
  },
});

/** @throws {CommandError} `refused` or `timedOut` if it is pinned and not announced. */
function reportPin(status: Status, service: string, io: CommandIo): void {
  const drains = drainsOf(status, service);
  for (const drain of drains) io.stdout(`${stillDrained(service, drain)}\n`);
  const open = openOf(status, service);
  const clauses = openClauses({ ...open, unsent: [] }, "announcement", "within 2 s");
  if (clauses.length === 0) return;
  throw new CommandError(
    open.failed.length === 0 ? "timedOut" : "refused",
    `The pin stands, but ${clauses.join(", and ")}; the agent goes on trying, see \`anyctl status\``,
  );
}

/** What another service, or a drain, keeps back is not open. */
function openOf(status: Status, service: string): Pick<Open, "failed" | "pending"> {
  return openAnnouncements(status, about(status, [service]));
}
