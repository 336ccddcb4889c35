/** `anyctl version` */
import { defineCommand } from "../command.ts";
import { EXIT } from "../exit.ts";
import { readVersion } from "../version.ts";

export const command = defineCommand({
  signature: "version",
  describe: "Print the version; the same as --version",
  positionals: {},
  options: { json: { type: "boolean", describe: "As an object, for programs" } },
  examples: [],
  run({ json }, io) {
    const version = readVersion();
    io.stdout(`${json === true ? JSON.stringify({ version }) : version}\n`);
    return Promise.resolve(EXIT.done);
  },
});
