/** `anyctl config` */
import { defineCommand, type CommonArguments } from "../command.ts";
import { loadOrTell } from "../config-problems.ts";
import { CommandError, EXIT } from "../exit.ts";
import type { CommandIo } from "../io.ts";
import { configPathOf } from "../location.ts";
import { diff } from "./config-diff.ts";

const FILE = {
  file: { type: "string", describe: "Instead of --config" },
} as const;

const check = defineCommand({
  signature: "check [file]",
  describe: "Say what is wrong with the configuration, all at once",
  positionals: FILE,
  options: {},
  examples: [["config check new.yaml", "Before it is installed"]],
  notes:
    "Problems and warnings are one per line on stderr: FILE:LINE:COLUMN: KEY: what is wrong; what is allowed.",
  async run(args, io) {
    const path = pathOf(args, io);
    const { plan, hash } = await loadOrTell(path, io);
    const { shortHash } = await import("../../config/load.ts");
    const checks = plan.services.flatMap((service) => service.checks);
    const prefixes = plan.services.flatMap((service) => service.routes.map(({ prefix }) => prefix));
    const counts = [
      count(plan.services.length, "service", "services"),
      count(checks.length, "check", "checks"),
      count(new Set(prefixes).size, "prefix", "prefixes"),
    ];
    io.stdout(`${path} is valid: ${counts.join(", ")}; hash ${shortHash(hash)}\n`);
    return EXIT.done;
  },
});

const show = defineCommand({
  signature: "show [file]",
  describe: "Print the configuration in force of all files, with every default filled in",
  positionals: FILE,
  options: {},
  examples: [["config show | diff - <(anyctl config show new.yaml)", "What a new file changes"]],
  notes: "What it prints is a valid file again; only values of secret headers are hidden.",
  async run(args, io) {
    const { files } = await loadOrTell(pathOf(args, io), io);
    const { showConfig } = await import("../../config/show.ts");
    io.stdout(showConfig(files));
    return EXIT.done;
  },
});

const schema = defineCommand({
  signature: "schema",
  describe: "Print the JSON Schema of the file, for editors",
  positionals: {},
  options: {},
  examples: [["config schema > anyctl.schema.json", "For `# yaml-language-server: $schema=FILE`"]],
  async run(_args, io) {
    const { jsonSchema } = await import("../../config/json-schema.ts");
    io.stdout(`${JSON.stringify(jsonSchema(), undefined, 2)}\n`);
    return EXIT.done;
  },
});

export const command = defineCommand({
  signature: "config <command>",
  describe: "Check, compare or show the configuration, or print its JSON Schema",
  positionals: {},
  options: {},
  examples: [],
  subcommands: [check, diff, show, schema],
  run() {
    throw new CommandError("usage", "Missing command");
  },
});

function pathOf(
  args: CommonArguments & { readonly file?: string | undefined },
  io: CommandIo,
): string {
  if (args.file === undefined) return configPathOf(args, io);
  if (args.config === undefined) return configPathOf({ config: args.file }, io);
  throw new CommandError("usage", "Cannot use both FILE and --config");
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}
