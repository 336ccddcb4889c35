/** yargs: the help, and the words about a command line that is not right. Slow to load: see `quick-parse.ts`. */
import Yargs, { type Argv } from "yargs";
import { nameOf, type Command } from "./command.ts";
import { COMMON_OPTIONS } from "./common-options.ts";
import { CommandError } from "./exit.ts";
import { quote } from "./quote.ts";

interface Parsed {
  readonly command: Command;
  readonly args: never;
}

/** Help in lines of this length can be read on any terminal, and does not change with it. */
const HELP_COLUMNS = 100;

/** @throws {CommandError} `usage` */
export async function parse(
  argv: readonly string[],
  command: Command,
  subcommand: Command | undefined,
): Promise<Parsed> {
  let parsed: Parsed | undefined;
  const parser = createParser([...argv], [command], (chosen, args) => {
    parsed = { command: chosen, args };
  });
  try {
    await parser.parseAsync();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const parents = subcommand === undefined ? "" : `${nameOf(command)} `;
    throw new CommandError("usage", wordMistake(message, subcommand ?? command, parents), error);
  }
  if (parsed !== undefined) return parsed;
  throw new CommandError("usage", `Missing command after "${nameOf(command)}"`);
}

export async function writeHelp(words: string[], commands: readonly Command[]): Promise<string> {
  return `${await createParser(words, commands, () => {}).getHelp()}\n`;
}

type Choose = (command: Command, args: never) => void;

function createParser(argv: string[], commands: readonly Command[], choose: Choose): Argv {
  const parser = Yargs(argv, "/")
    .scriptName("anyctl")
    .usage("Usage: $0 COMMAND\n\nKeeps this PoP in its anycast set exactly as long as it serves.")
    .parserConfiguration({
      "boolean-negation": false,
      "camel-case-expansion": false,
      "dot-notation": false,
      // `--prefix P` takes one word; another one is given by another `--prefix`.
      "greedy-arrays": false,
      "parse-numbers": false,
      "parse-positional-numbers": false,
      "short-option-groups": false,
    })
    .option("config", COMMON_OPTIONS.config)
    // Its own `--help` also takes the last service for itself if that is called `help`.
    .help(false)
    .version(false)
    // Shown only; main.ts has looked for it already.
    .option("help", COMMON_OPTIONS.help)
    .strict()
    .demandCommand(1)
    // Else it speaks the user's language, in part.
    .locale("en")
    .wrap(HELP_COLUMNS)
    .exitProcess(false)
    .showHelpOnFail(false)
    .fail((message, error) => {
      throw error ?? new Error(message);
    })
    .example("$0 status", "What this PoP announces, and why")
    .example("$0 drain --all --reason 'new kernel' --wait", "Before a reboot")
    .example("$0 undrain --all", "After it")
    .epilogue(
      "Exit status: 0 done, 1 refused or not so, 2 wrong usage, 3 the agent does not answer, 4 timed out.",
    );
  for (const command of commands) register(parser, command, choose);
  return parser;
}

function register(parser: Argv, command: Command, choose: Choose, parents = ""): void {
  parser.command(
    command.signature,
    command.describe,
    (below) => {
      below.usage(`Usage: $0 ${parents}${writeSignature(command)}\n\n${command.describe}.`);
      for (const [key, positional] of Object.entries(command.positionals)) {
        below.positional(key, positional);
      }
      for (const [key, option] of Object.entries(command.options)) below.option(key, option);
      for (const [line, what] of command.examples) below.example(`$0 ${line}`, what);
      if (command.notes !== undefined) below.epilogue(command.notes);
      if (command.subcommands === undefined) return below;
      const path = `${parents}${nameOf(command)} `;
      for (const subcommand of command.subcommands) register(below, subcommand, choose, path);
      return below.demandCommand(1);
    },
    (args) => {
      if (command.subcommands !== undefined) return;
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- parsed by the description of this command, which its `run` was typed by
      choose(command, args as never);
    },
  );
}

/** yargs' own words say what, but not what would be right. */
function wordMistake(message: string, command: Command, parents: string): string {
  const [, unknown] = /^Unknown arguments?: (.*)$/s.exec(message) ?? [];
  if (unknown !== undefined) {
    const allowed = parents + writeSignature(command);
    return `Cannot use ${quote(unknown)} in "anyctl ${parents}${nameOf(command)}"; allowed: ${allowed}`;
  }
  const [, valueless] = /^Not enough arguments following: (.*)$/s.exec(message) ?? [];
  if (valueless !== undefined) {
    return `Missing value of --${valueless}; one that begins with a hyphen is written --${valueless}=VALUE`;
  }
  const [, missing] = /^Missing required arguments?: (.*)$/s.exec(message) ?? [];
  if (missing !== undefined) {
    const options = missing.split(", ").map((name) => `--${name}`);
    return `Missing ${options.join(" and ")} of "anyctl ${nameOf(command)}"`;
  }
  if (!message.startsWith("Not enough non-option arguments")) return message;
  return `Missing argument of "anyctl ${nameOf(command)}"; allowed: ${parents}${writeSignature(command)}`;
}

/** `drain [SERVICE..]` */
function writeSignature(command: Command): string {
  return command.signature.replace(/(?<=[[<])[a-z]+/g, (name) => name.toUpperCase());
}
