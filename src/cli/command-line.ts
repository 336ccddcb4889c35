/** Words into a command and its arguments; and every mistake in them into one sentence. */
import { nameOf, type Command } from "./command.ts";
import { COMMANDS, loadAllCommands, loadCommand } from "./commands.ts";
import { commandWordsOf, COMMON_OPTIONS } from "./common-options.ts";
import { CommandError } from "./exit.ts";
import { parseQuickly } from "./quick-parse.ts";
import { quote } from "./quote.ts";

/** What is to be done. */
export type Wish =
  | { readonly type: "run"; readonly command: Command; readonly args: never }
  | { readonly type: "help"; readonly text: string };

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
  const quick = parseQuickly(argv, command, subcommand);
  if (quick !== undefined) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- parsed by the description of this command, which its `run` was typed by
    const args = quick as never;
    return { type: "run", command: subcommand ?? command, args };
  }
  const { parse } = await import("./yargs-line.ts");
  return { type: "run", ...(await parse(argv, command, subcommand)) };
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
    const isList = options[option.slice(2)]?.array === true;
    if (seen.has(option) && !isList) throw new CommandError("usage", `Cannot use ${option} twice`);
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

/** Loaded here and not above: yargs takes longer than all that most commands do. */
async function help(words: string[], commands: readonly Command[]): Promise<string> {
  const { writeHelp } = await import("./yargs-line.ts");
  return await writeHelp(words, commands);
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
