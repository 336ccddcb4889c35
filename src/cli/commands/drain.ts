/** `anyctl drain` */
import { AgentUnreachable } from "../../control/client.ts";
import type { Status } from "../../control/protocol.ts";
import { tryStatus } from "../agent-client.ts";
import { defineCommand } from "../command.ts";
import { writeDrainFile } from "../drain-file.ts";
import { cannotWrite, makeDrainFolder } from "../drain-folder.ts";
import { checkTargets } from "../drain-names.ts";
import { checkReason, orderBy, targetsOf } from "../drain-order.ts";
import { printServices, waitForStatus } from "../drain-wait.ts";
import { CommandError, EXIT, type ExitStatus } from "../exit.ts";
import { locate } from "../location.ts";

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
  },
  examples: [
    ["drain dns --reason 'upgrade, CHG-1234'", "Before maintenance of one service"],
    ["drain --all --reason 'moving racks'", "Everything that this PoP announces"],
  ],
  notes: `A drain is a file in state-dir/drains. It survives restarts and reboots, and it stands without an
agent too: then the exit status is 3. The services keep running; only their prefixes are withdrawn.`,
  async run(args, io): Promise<ExitStatus> {
    const targets = targetsOf(args);
    const order = orderBy(checkReason(args.reason), io);
    const location = await locate(args, io);
    const { socketPath } = location;
    const before = await tryStatus(socketPath, io);
    const unchecked = await checkTargets(targets, before, location);
    const folder = await makeDrainFolder(location);
    for (const target of targets) {
      await writeDrainFile(folder, target, order).catch((error: unknown) => {
        throw cannotWrite(folder, error);
      });
      io.stdout(`The drain stands: ${folder}/${target}\n`);
    }
    if (unchecked !== undefined) io.stderr(`anyctl: ${unchecked}\n`);
    const isSeen = ({ drains }: Status) =>
      targets.every((target) =>
        drains.some(({ service, since }) => service === target && since === order.since),
      );
    const after =
      before instanceof AgentUnreachable
        ? before
        : await waitForStatus(socketPath, targets, isSeen, io);
    if (after instanceof AgentUnreachable) {
      const then = "an agent obeys the drain as soon as it runs";
      throw new CommandError("unreachable", `${after.message}; ${then}`, after);
    }
    if (!isSeen(after)) {
      const hint = `does its state-dir hold ${JSON.stringify(folder)}?`;
      throw new CommandError("timedOut", `The agent has not seen the drain within 2 s; ${hint}`);
    }
    printServices(after, targets, io);
    return EXIT.done;
  },
});
