/** `anyctl config` */
import { defineCommand, type CommonArguments } from "../command.ts";
import { loadOrTell } from "../config-problems.ts";
import type { LoadedConfig } from "../../config/load.ts";
import { CommandError, EXIT, type ExitStatus } from "../exit.ts";
import type { CommandIo } from "../io.ts";
import { configPathOf } from "../location.ts";
import { printable, printableJson } from "../printable.ts";
import { diff } from "./config-diff.ts";

const FILE = {
  file: { type: "string", describe: "Instead of --config" },
} as const;

const check = defineCommand({
  signature: "check [file]",
  describe: "Say what is wrong with the configuration, all at once",
  positionals: FILE,
  options: { json: { type: "boolean", describe: "One object, for programs" } },
  examples: [["config check new.yaml", "Before it is installed"]],
  notes:
    "Problems and warnings are one per line on stderr: FILE:LINE:COLUMN: KEY: what is wrong; what is allowed.",
  async run({ json, ...args }, io) {
    const path = pathOf(args, io);
    if (json === true) return await checkForPrograms(path, io);
    const config = await loadOrTell(path, io);
    const { formatProblem, shortHash } = await import("../../config/load.ts");
    const { programWarnings } = await import("../../config/programs.ts");
    for (const warning of programWarnings(config)) {
      io.stderr(`${printable(`warning: ${formatProblem(warning)}`)}\n`);
    }
    const { services, checks, prefixes } = countsOf(config);
    const counts = [
      count(services, "service", "services"),
      count(checks, "check", "checks"),
      count(prefixes, "prefix", "prefixes"),
    ];
    io.stdout(`${path} is valid: ${counts.join(", ")}; hash ${shortHash(config.hash)}\n`);
    return EXIT.done;
  },
});

/** The same findings, valid or not, as one object on stdout. */
async function checkForPrograms(path: string, io: CommandIo): Promise<ExitStatus> {
  const { ConfigError, loadConfig } = await import("../../config/load.ts");
  const print = (findings: object) => io.stdout(`${printableJson({ path, ...findings })}\n`);
  try {
    const config = loadConfig(path);
    const { programWarnings } = await import("../../config/programs.ts");
    const warnings = [...config.warnings, ...programWarnings(config)];
    print({ valid: true, hash: config.hash, ...countsOf(config), problems: [], warnings });
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    print({ valid: false, problems: error.problems, warnings: [] });
    return EXIT.refused;
  }
}

function countsOf({ plan }: Pick<LoadedConfig, "plan">) {
  const prefixes = plan.services.flatMap((service) => service.routes.map(({ prefix }) => prefix));
  return {
    services: plan.services.length,
    checks: plan.services.flatMap((service) => service.checks).length,
    prefixes: new Set(prefixes).size,
  };
}

const show = defineCommand({
  signature: "show [file]",
  describe: "Print the configuration in force of all files, with every default filled in",
  positionals: FILE,
  options: { json: { type: "boolean", describe: "As JSON, for programs" } },
  examples: [["config show | diff - <(anyctl config show new.yaml)", "What a new file changes"]],
  notes: "What it prints is a valid file again; only values of secret headers are hidden.",
  async run({ json, ...args }, io) {
    const { files } = await loadOrTell(pathOf(args, io), io);
    const { effectiveConfig, showConfig } = await import("../../config/show.ts");
    io.stdout(json === true ? `${printableJson(effectiveConfig(files))}\n` : showConfig(files));
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
