/** `anyctl unpin` */
import { AgentUnreachable } from "../../control/client.ts";
import type { Status } from "../../control/protocol.ts";
import { tryStatus } from "../agent-client.ts";
import { defineCommand } from "../command.ts";
import { CommandError, EXIT, type ExitStatus } from "../exit.ts";
import { locate } from "../location.ts";
import { checkName } from "../names.ts";
import { checkReason, orderBy } from "../order-arguments.ts";
import { endOrder } from "../order-end.ts";
import { readStanding } from "../order-file.ts";
import { folderOf } from "../order-folder.ts";
import { checkTargets } from "../order-names.ts";
import { printServices } from "../order-report.ts";
import { isAnswered } from "../order-routes.ts";
import { GLANCE, waitForStatus } from "../order-wait.ts";

export const command = defineCommand({
  signature: "unpin <service>",
  describe: "End a pin; the checks decide again, at once",
  positionals: {
    service: { type: "string", demandOption: true, describe: "Name of a service" },
  },
  options: {
    reason: {
      type: "string",
      requiresArg: true,
      describe: "Why, for the audit record; at most 1 KiB",
    },
  },
  completes: { service: "pinned" },
  examples: [["unpin dns", "When the check is right again"]],
  notes: `A service whose checks fail is withdrawn at once. What is not pinned stays so: exit status 0.

Exit status 3: no agent answers. 4: after 2 s the agent still shows the pin. In both cases the order
stands for an agent that sees it.`,
  async run(args, io): Promise<ExitStatus> {
    const { service } = args;
    checkName("service", service);
    const reason = args.reason === undefined ? "" : checkReason(args.reason);
    const location = await locate(args, io);
    const { socketPath } = location;
    const before = await tryStatus(socketPath, io);
    const folder = folderOf(location, "pins");
    if ((await readStanding(folder, service)).kind === "none") {
      // A pin may outlive its service; where there is none, the name is perhaps misspelt.
      await checkTargets([service], before, location);
      io.stdout(`${service} was not pinned\n`);
      return EXIT.done;
    }
    await endOrder("pin", folder, service, { unpin: true, ...orderBy(reason, io) }, io);
    io.stdout(`${service} is to be unpinned\n`);
    const isSeen = ({ pins }: Status) => !pins.some((pin) => pin.service === service);
    const after =
      before instanceof AgentUnreachable
        ? before
        : await waitForStatus(
            socketPath,
            (status) => isSeen(status) && isAnswered(status, [service]),
            GLANCE,
            io,
          );
    if (after instanceof AgentUnreachable) {
      const then = "the pin ends as soon as an agent runs";
      throw new CommandError("unreachable", `${after.message}; ${then}`, after);
    }
    if (!isSeen(after)) {
      const hint = `does its state-dir hold ${JSON.stringify(folder)}?`;
      const unseen = "The order to unpin stands, but the agent still shows the pin after 2 s";
      throw new CommandError("timedOut", `${unseen}, so it may go on; ${hint}`);
    }
    printServices(after, [service], io);
    return EXIT.done;
  },
});
