/** `anyctl status` */
import type { Status } from "../../control/protocol.ts";
import { askStatus } from "../agent-client.ts";
import { defineCommand } from "../command.ts";
import { CommandError, EXIT } from "../exit.ts";
import type { CommandIo } from "../io.ts";
import { locate } from "../location.ts";
import { checkName, listNames } from "../names.ts";
import { printableJson } from "../printable.ts";
import { writeStatus } from "../status-text.ts";
import type { ServiceStatus } from "../status-words.ts";
import { watch } from "../watch.ts";

export const command = defineCommand({
  signature: "status [service]",
  describe: "Show states, prefixes, checks, sessions and drains",
  positionals: {
    service: { type: "string", describe: "Only this service, with all its prefixes" },
  },
  options: {
    json: { type: "boolean", describe: "As the agent tells it, for programs" },
    watch: { type: "boolean", describe: "Again every second, until Ctrl-C" },
  },
  examples: [
    ["status", "What this PoP announces, and why"],
    ["status --watch", "During maintenance"],
    ["status dns --json", "One service for a program"],
  ],
  async run({ service: name, json, watch: isWatched, ...args }, io) {
    if (name !== undefined) checkName("service", name);
    if (json === true && isWatched === true) {
      throw new CommandError("usage", "Cannot use both --json and --watch");
    }
    const { socketPath } = await locate(args, io);
    const ask = async () => {
      const status = await askStatus(socketPath, io);
      return { status, services: select(status, name) };
    };
    if (isWatched === true) {
      await watch(async () => {
        const { status, services } = await ask();
        return toText(status, services, name, io);
      }, io);
      return EXIT.done;
    }
    const { status, services } = await ask();
    if (json === true) io.stdout(`${printableJson(name === undefined ? status : services[0])}\n`);
    else io.stdout(toText(status, services, name, io));
    return EXIT.done;
  },
});

/** @throws {CommandError} `refused` */
function select({ services }: Status, name: string | undefined): readonly ServiceStatus[] {
  if (name === undefined) return services;
  const found = services.filter((service) => service.name === name);
  if (found.length > 0) return found;
  const names = services.map((service) => service.name);
  throw new CommandError("refused", `There is no service ${name}; ${listNames(names)}`);
}

function toText(
  status: Status,
  services: readonly ServiceStatus[],
  name: string | undefined,
  io: CommandIo,
): string {
  const { color, columns } = io;
  const isDetailed = name !== undefined;
  return writeStatus(status, services, { color, columns, wallMs: io.wallMs(), isDetailed });
}
