/** `anyctl drain` */
import { AgentUnreachable } from "../../control/client.ts";
import type { Status } from "../../control/protocol.ts";
import { tryStatus } from "../agent-client.ts";
import { defineCommand } from "../command.ts";
import { writeDrainFile } from "../drain-file.ts";
import { cannotWrite, makeDrainFolder } from "../drain-folder.ts";
import { checkTargets } from "../drain-names.ts";
import { checkReason, orderBy, targetsOf } from "../drain-order.ts";
import {
  openWithdrawals,
  printServices,
  waitForStatus,
  type OpenWithdrawals,
} from "../drain-wait.ts";
import { CommandError, EXIT, type ExitStatus } from "../exit.ts";
import { locate } from "../location.ts";
import { listPrefixes } from "../status-words.ts";

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
agent too. The services keep running; only their prefixes are withdrawn.

Exit status 0: ExaBGP has accepted the withdrawals. 1: the drain was refused, or ExaBGP did not
accept a withdrawal. 3: no agent answers. 4: after 2 s the agent has not seen the drain, or ExaBGP
has not answered. Unless it is 0, a prefix may still be announced: do not reboot yet.`,
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
    const isSettled = (status: Status) =>
      isSeen(status) && openWithdrawals(status, targets).pending.length === 0;
    const after =
      before instanceof AgentUnreachable ? before : await waitForStatus(socketPath, isSettled, io);
    if (after instanceof AgentUnreachable) {
      const then = `the drain stands and is obeyed as soon as an agent runs; until then ${UNCERTAIN}`;
      throw new CommandError("unreachable", `${after.message}; ${then}`, after);
    }
    if (!isSeen(after)) {
      const hint = `does its state-dir hold ${JSON.stringify(folder)}?`;
      const unseen = "The drain stands, but the agent does not show it within 2 s";
      throw new CommandError("timedOut", `${unseen}, so ${UNCERTAIN}; ${hint}`);
    }
    printServices(after, targets, io);
    checkWithdrawn(openWithdrawals(after, targets));
    return EXIT.done;
  },
});

const UNCERTAIN = "its prefixes may still be announced";

/** @throws {CommandError} `refused` or `timedOut` */
function checkWithdrawn({ failed, pending }: OpenWithdrawals): void {
  if (failed.length === 0 && pending.length === 0) return;
  const why = [
    ...(failed.length === 0
      ? []
      : [`ExaBGP did not accept the withdrawal of ${listPrefixes(failed)}`]),
    ...(pending.length === 0
      ? []
      : [`ExaBGP has not answered the withdrawal of ${listPrefixes(pending)} within 2 s`]),
  ].join(", and ");
  throw new CommandError(
    failed.length === 0 ? "timedOut" : "refused",
    `The drain stands, but ${why}: it may still be announced; the agent goes on trying, see \`anyctl status\``,
  );
}
