/** Words into a command and its arguments, by yargs; and every mistake in them into one sentence. */
import Yargs, { type Argv } from "yargs";
import { nameOf, type Command } from "./command.ts";
import { COMMANDS, loadAllCommands, loadCommand } from "./commands.ts";
import { commandWordsOf, COMMON_OPTIONS } from "./common-options.ts";
import { CommandError } from "./exit.ts";

/** What is to be done. */
export type Wish =
  | { readonly type: "run"; readonly command: Command; readonly args: never }
  | { readonly type: "help"; readonly text: string };

/** Help in lines of this length can be read on any terminal, and does not change with it. */
const HELP_COLUMNS = 100;

/**
 * @param argv Without the program's name.
 * @throws {CommandError} `usage`
 */
export async function readCommandLine(argv: readonly string[]): Promise<Wish> {
  const [name, nextWord] = commandWordsOf(argv);
  const wantsHelp = argv.some((word) => word === "--help" || word === "-h");
  const names = [...COMMANDS.keys()].join(", ");
  if (name === undefined) {
    if (argv.includes("--version")) return await readCommandLine(["version"]);
    if (wantsHelp) return { type: "help", text: await help([], await loadAllCommands()) };
    throw new CommandError("usage", `Missing command; allowed: ${names}; see "anyctl --help"`);
  }
  const command = await loadCommand(name);
  if (command === undefined) {
    const why = `no such command; allowed: ${names}`;
    throw new CommandError("usage", `Cannot use ${quote(name)}: ${why}`);
  }
  const subcommand = command.subcommands?.find((below) => nameOf(below) === nextWord);
  if (wantsHelp) {
    const words = subcommand === undefined ? [name] : [name, nameOf(subcommand)];
    return { type: "help", text: await help(words, [command]) };
  }
  checkOptions(argv, command);
  if (command.subcommands !== undefined && subcommand === undefined) {
    const mistake =
      nextWord === undefined ? "Missing command after" : `Cannot use ${quote(nextWord)} in`;
    const allowed = command.subcommands.map(nameOf).join(", ");
    throw new CommandError("usage", `${mistake} "anyctl ${name}"; allowed: ${allowed}`);
  }
  return await parse(argv, command, subcommand);
}

/**
 * What yargs takes without a word: an option given twice, `--all=no`, which is false, `-`, and everything behind
 * `--`. No value but those written `--option=VALUE` begins with a hyphen.
 */
function checkOptions(argv: readonly string[], command: Command): void {
  const options = optionsOf(command);
  const allowed = [...Object.keys(options), ...Object.keys(COMMON_OPTIONS)]
    .map((name) => `--${name}`)
    .toSorted();
  const seen = new Set<string>();
  for (const word of argv.filter((one) => one.startsWith("-"))) {
    const [option, value] = splitOnce(word, "=");
    if (!allowed.includes(option)) {
      const why = `no such option of "anyctl ${nameOf(command)}"; allowed: ${allowed.join(", ")}`;
      throw new CommandError("usage", `Cannot use ${quote(option)}: ${why}`);
    }
    if (seen.has(option)) throw new CommandError("usage", `Cannot use ${option} twice`);
    seen.add(option);
    if (value !== undefined && options[option.slice(2)]?.type === "boolean") {
      throw new CommandError("usage", `Cannot use ${quote(word)}: ${option} takes no value`);
    }
  }
}

function optionsOf(command: Command): Command["options"] {
  const all = [command, ...(command.subcommands ?? [])];
  return Object.fromEntries(all.flatMap(({ options }) => Object.entries(options)));
}

async function parse(
  argv: readonly string[],
  command: Command,
  subcommand: Command | undefined,
): Promise<Wish> {
  let wish: Wish | undefined;
  const parser = createParser([...argv], [command], (chosen, args) => {
    wish = { type: "run", command: chosen, args };
  });
  try {
    await parser.parseAsync();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const parents = subcommand === undefined ? "" : `${nameOf(command)} `;
    throw new CommandError("usage", wordMistake(message, subcommand ?? command, parents), error);
  }
  if (wish !== undefined) return wish;
  throw new CommandError("usage", `Missing command after "${nameOf(command)}"`);
}

async function help(words: string[], commands: readonly Command[]): Promise<string> {
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

function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}...` : text);
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
