/** `anyctl version` */
import { readFileSync } from "node:fs";
import { defineCommand } from "../command.ts";
import { EXIT } from "../exit.ts";

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

/** Of this package: `dist/src/cli/commands` is four folders below it. */
function readVersion(): string {
  const text = readFileSync(new URL("../../../../package.json", import.meta.url), "utf8");
  const { version }: { version?: unknown } = Object(JSON.parse(text));
  return String(version);
}
