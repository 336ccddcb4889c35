/** `anyctl version` */
import { defineCommand } from "../command.ts";
import { EXIT } from "../exit.ts";
import { readVersion } from "../version.ts";

export const command = defineCommand({
  signature: "version",
  describe: "Print the version; the same as --version",
  positionals: {},
  options: {},
  examples: [],
  run(_args, io) {
    io.stdout(`${readVersion()}\n`);
    return Promise.resolve(EXIT.done);
  },
});
