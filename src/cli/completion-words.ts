/** What could stand at the cursor: from the table of commands, so that no list has to follow another. */
import { nameOf, type Command, type CompletionKind } from "./command.ts";
import { COMMANDS, loadAllCommands, loadCommand } from "./commands.ts";
import { commandWordsOf, COMMON_OPTIONS } from "./common-options.ts";
import type { ShellLine } from "./completion-line.ts";

export interface Candidate {
  readonly word: string;
  /** For shells that show it; may be empty. */
  readonly about: string;
}

/** Words that are known, or a kind of names that somebody else must be asked for. */
export type Offer =
  | { readonly type: "words"; readonly words: readonly Candidate[] }
  | {
      readonly type: "names";
      readonly kind: CompletionKind;
      /** What stands before the name in the same word: `--config=`. */
      readonly prefix: string;
      /** Names that are on the line already. */
      readonly given: readonly string[];
    };

/** By the name of a positional or an option; a command's own `completes` goes before. */
const KINDS: Readonly<Record<string, CompletionKind>> = {
  config: "files",
  file: "files",
  service: "services",
  subject: "subjects",
};

type Option = Command["options"][string];

/** @param line Its words may be anything: what makes no sense gets no words. */
export async function offerFor(line: ShellLine): Promise<Offer> {
  const { before, current } = line;
  const [name, ...rest] = commandWordsOf(before);
  const command = name === undefined ? undefined : await loadCommand(name);
  const subcommand = command?.subcommands?.find((below) => nameOf(below) === rest[0]);
  const options: Readonly<Record<string, Option>> = {
    ...COMMON_OPTIONS,
    ...command?.options,
    ...subcommand?.options,
  };
  const target = subcommand ?? command;
  const value = valueAt(line, options);
  if (value !== undefined) return offerValue(value, options, target);
  if (current.startsWith("-")) return words(optionWords(options, line));
  if (name === undefined) return words(await commandWords());
  if (command === undefined) return words([]);
  if (command.subcommands !== undefined && subcommand === undefined) {
    return words(rest.length === 0 ? command.subcommands.map(candidateOf) : []);
  }
  const given = positionalsIn(before, options).slice(subcommand === undefined ? 1 : 2);
  const positional = positionalAt(target?.signature ?? "", given.length);
  // Where no name can follow, an option is all that can.
  if (positional === undefined) return words(optionWords(options, line));
  return { type: "names", kind: kindOf(positional, target), prefix: "", given };
}

/** The option whose value is at the cursor, in either of its forms. */
function valueAt(
  { before, current }: ShellLine,
  options: Readonly<Record<string, Option>>,
): { readonly name: string; readonly prefix: string } | undefined {
  const [, written] = /^--([a-z-]+)=/.exec(current) ?? [];
  if (written !== undefined) return { name: written, prefix: `--${written}=` };
  const name = /^--([a-z-]+)$/.exec(before.at(-1) ?? "")?.[1];
  return name !== undefined && takesValue(options, name) ? { name, prefix: "" } : undefined;
}

function offerValue(
  { name, prefix }: { readonly name: string; readonly prefix: string },
  options: Readonly<Record<string, Option>>,
  command: Command | undefined,
): Offer {
  if (!takesValue(options, name)) return words([]);
  const choices = options[name]?.choices ?? [];
  if (choices.length > 0) {
    return words(choices.map((choice) => ({ word: `${prefix}${String(choice)}`, about: "" })));
  }
  return { type: "names", kind: kindOf(name, command), prefix, given: [] };
}

function takesValue(options: Readonly<Record<string, Option>>, name: string): boolean {
  return Object.hasOwn(options, name) && options[name]?.type !== "boolean";
}

/** None twice, but for lists: that is wrong usage. */
function optionWords(
  options: Readonly<Record<string, Option>>,
  { before, after }: ShellLine,
): Candidate[] {
  const used = new Set([...before, ...after].map((word) => word.split("=", 1)[0]));
  return Object.entries(options)
    .filter(([name, { array }]) => array === true || !used.has(`--${name}`))
    .map(([name, { describe = "" }]) => ({ word: `--${name}`, about: describe }));
}

async function commandWords(): Promise<Candidate[]> {
  const commands = await loadAllCommands();
  return [...COMMANDS.keys()].map((word) => ({
    word,
    about: commands.find((command) => nameOf(command) === word)?.describe ?? "",
  }));
}

function candidateOf(command: Command): Candidate {
  return { word: nameOf(command), about: command.describe };
}

/** Names of commands included. */
function positionalsIn(
  before: readonly string[],
  options: Readonly<Record<string, Option>>,
): string[] {
  return before.filter((word, at) => {
    const previous = /^--([a-z-]+)$/.exec(before[at - 1] ?? "")?.[1];
    return !word.startsWith("-") && (previous === undefined || !takesValue(options, previous));
  });
}

/** `drain [service..]` takes any number, `check [name]` one. */
function positionalAt(signature: string, index: number): string | undefined {
  const all = [...signature.matchAll(/[[<]([a-z-]+)(\.\.)?[\]>]/g)];
  const found = all[index] ?? (all.at(-1)?.[2] === undefined ? undefined : all.at(-1));
  return found?.[1];
}

function kindOf(name: string, command: Command | undefined): CompletionKind {
  return command?.completes?.[name] ?? KINDS[name] ?? "nothing";
}

function words(all: readonly Candidate[]): Offer {
  return { type: "words", words: all };
}
