/** `anyctl undrain` */
import { AgentUnreachable } from "../../control/client.ts";
import type { Status } from "../../control/protocol.ts";
import { tryStatus } from "../agent-client.ts";
import { defineCommand } from "../command.ts";
import { readStanding, writeDrainFile } from "../drain-file.ts";
import { cannotWrite, drainFolderOf } from "../drain-folder.ts";
import { checkTargets } from "../drain-names.ts";
import { ALL_SERVICES, checkReason, orderBy, targetsOf } from "../drain-order.ts";
import { isAnswered, printServices, waitForStatus } from "../drain-wait.ts";
import { CommandError, EXIT, type ExitStatus } from "../exit.ts";
import { locate } from "../location.ts";

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
    reason: {
      type: "string",
      requiresArg: true,
      describe: "Why, for the audit record; at most 1 KiB",
    },
  },
  examples: [
    ["undrain dns", "After maintenance"],
    ["undrain --all --reason 'racks moved'", "Ends what `drain --all` began"],
  ],
  notes: `What is not drained stays so: exit status 0. It means that the drain is over, not that a prefix
is announced: the checks must pass first.

Exit status 3: no agent answers. 4: after 2 s the agent still shows the drain. In both cases the
order stands for an agent that sees it.`,
  async run(args, io): Promise<ExitStatus> {
    const targets = targetsOf(args);
    const reason = args.reason === undefined ? "" : checkReason(args.reason);
    const location = await locate(args, io);
    const folder = drainFolderOf(location);
    const before = await tryStatus(location.socketPath, io);
    const standing = new Map<string, "none" | "drain" | "undrain">();
    for (const target of targets) standing.set(target, await readStanding(folder, target));
    const absent = targets.filter((target) => standing.get(target) === "none");
    // A drain may outlive its service; where there is none, the name is perhaps misspelt.
    await checkTargets(absent, before, location);
    for (const target of absent) io.stdout(`${nameOf(target)} was not drained\n`);
    const ended = targets.filter((target) => standing.get(target) !== "none");
    for (const target of ended) {
      const order = { undrain: true, ...orderBy(reason, io) } as const;
      await writeDrainFile(folder, target, order).catch((error: unknown) => {
        throw cannotWrite(folder, error);
      });
      io.stdout(`${nameOf(target)} is to be undrained\n`);
    }
    const isPopDrained = (await readStanding(folder, ALL_SERVICES)) === "drain";
    if (isPopDrained && !targets.includes(ALL_SERVICES)) {
      io.stdout("The whole PoP is drained all the same; see `anyctl undrain --all`\n");
    }
    if (ended.length === 0) return EXIT.done;
    const isSeen = ({ drains }: Status) => !drains.some(({ service }) => ended.includes(service));
    const after =
      before instanceof AgentUnreachable
        ? before
        : await waitForStatus(
            location.socketPath,
            (status) => isSeen(status) && isAnswered(status, ended),
            io,
          );
    if (after instanceof AgentUnreachable) {
      const then = "the drain ends as soon as an agent runs";
      throw new CommandError("unreachable", `${after.message}; ${then}`, after);
    }
    if (!isSeen(after)) {
      const hint = `does its state-dir hold ${JSON.stringify(folder)}?`;
      const unseen = "The order to undrain stands, but the agent still shows the drain after 2 s";
      throw new CommandError("timedOut", `${unseen}, so it may go on; ${hint}`);
    }
    printServices(after, ended, io);
    return EXIT.done;
  },
});

function nameOf(target: string): string {
  return target === ALL_SERVICES ? "The PoP as a whole" : target;
}
