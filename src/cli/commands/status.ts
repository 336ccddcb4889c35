/** `anyctl status` */
import { askStatus } from "../agent-client.ts";
import { defineCommand } from "../command.ts";
import { CommandError, EXIT } from "../exit.ts";
import { locate } from "../location.ts";
import { checkName, listNames } from "../names.ts";
import { printableJson } from "../printable.ts";
import { writeStatus } from "../status-text.ts";

export const command = defineCommand({
  signature: "status [service]",
  describe: "Show states, prefixes, checks, sessions and drains",
  positionals: {
    service: { type: "string", describe: "Only this service, with all its prefixes" },
  },
  options: { json: { type: "boolean", describe: "As the agent tells it, for programs" } },
  examples: [
    ["status", "What this PoP announces, and why"],
    ["status dns --json", "One service for a program"],
  ],
  async run({ service: name, json, ...args }, io) {
    if (name !== undefined) checkName("service", name);
    const { socketPath } = await locate(args, io);
    const status = await askStatus(socketPath, io);
    const services = status.services.filter(
      (service) => name === undefined || service.name === name,
    );
    if (name !== undefined && services.length === 0) {
      const names = status.services.map((service) => service.name);
      throw new CommandError("refused", `There is no service ${name}; ${listNames(names)}`);
    }
    if (json === true) io.stdout(`${printableJson(name === undefined ? status : services[0])}\n`);
    else {
      const isDetailed = name !== undefined;
      io.stdout(
        writeStatus(status, services, { color: io.color, wallMs: io.wallMs(), isDetailed }),
      );
    }
    return EXIT.done;
  },
});
