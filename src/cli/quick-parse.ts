/**
 * Command lines that are right, read in a millisecond. To load yargs takes twice as long as Node.js itself; it is left
 * to find words for what is wrong.
 */
import { parseArgs } from "node:util";
import type { Options } from "yargs";
import { nameOf, type Command } from "./command.ts";
import { COMMON_OPTIONS } from "./common-options.ts";

type Values = Record<string, string | boolean | string[]>;

/** What is understood here of the description of an option or positional; any other key is left to yargs. */
const KEYS: ReadonlySet<string> = new Set([
  "type",
  "array",
  "describe",
  "requiresArg",
  "demandOption",
  "defaultDescription",
  "choices",
]);

/**
 * @param argv Whose options have been found to be the command's own, none twice, no boolean with a value.
 * @returns What yargs would make of it, without its own `_` and `$0`; undefined where that is not certain.
 */
export function parseQuickly(
  argv: readonly string[],
  command: Command,
  subcommand: Command | undefined,
): Values | undefined {
  const target = subcommand ?? command;
  const options: Record<string, Options> = {
    ...command.options,
    ...target.options,
    ...COMMON_OPTIONS,
  };
  const all = [...Object.values(options), ...Object.values(target.positionals)];
  if (!all.every(isUnderstood) || target.subcommands !== undefined) return undefined;
  // yargs takes these for the value of a boolean that they follow.
  if (argv.includes("true") || argv.includes("false")) return undefined;
  const parsed = tryParse(argv, options);
  if (parsed === undefined) return undefined;
  const names = subcommand === undefined ? [command] : [command, subcommand];
  const [positionals, values] = [parsed.positionals.slice(names.length), parsed.values];
  if (names.some((one, at) => nameOf(one) !== parsed.positionals[at])) return undefined;
  const named = assign(positionals, target);
  if (named === undefined) return undefined;
  return Object.entries(options).every(([name, option]) => isRight(values[name], option))
    ? { ...values, ...named }
    : undefined;
}

function tryParse(
  argv: readonly string[],
  options: Readonly<Record<string, Options>>,
): { readonly values: Values; readonly positionals: readonly string[] } | undefined {
  const types = Object.entries(options).map(
    ([name, { type, array = false }]) =>
      [name, { type: type === "boolean" ? type : "string", multiple: array }] as const,
  );
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: Object.fromEntries(types),
      allowPositionals: true,
    });
    const given = Object.entries(values).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, plain(value)] as const],
    );
    return { values: Object.fromEntries(given), positionals };
  } catch {
    return undefined;
  }
}

/** A boolean is no list: `isUnderstood` has looked. */
function plain(value: string | boolean | (string | boolean)[]): Values[string] {
  return Array.isArray(value) ? value.map(String) : value;
}

function isUnderstood(description: object): boolean {
  const type: unknown = Reflect.get(description, "type");
  const isKnown = Object.keys(description).every((key) => KEYS.has(key));
  if (type === "boolean" && Reflect.get(description, "array") === true) return false;
  return isKnown && (type === "string" || type === "boolean");
}

function isRight(value: string | boolean | string[] | undefined, option: Options): boolean {
  const { array, choices, demandOption, requiresArg } = option;
  if (Array.isArray(value)) return value.every((one) => isRight(one, { ...option, array: false }));
  if (array === true && value !== undefined) return false;
  if (value === undefined) return demandOption === undefined || demandOption === false;
  // An empty value and one of white space: yargs has rules of its own.
  if (typeof value === "string" && value.trim() === "" && requiresArg === true) return false;
  return choices === undefined || choices.some((choice) => choice === value);
}

/** Each positional of the signature with its word: `<one>` must be there, `[one]` may, `[any..]` takes the rest. */
function assign(words: readonly string[], { signature, positionals }: Command): Values | undefined {
  const found: Values = {};
  const left = [...words];
  for (const [, bracket, name = "", dots] of signature.matchAll(/([[<])([a-z-]+)(\.\.)?[\]>]/g)) {
    const choices = positionals[name]?.choices;
    if (choices !== undefined || words.some((word) => word.trim() === "")) return undefined;
    if (bracket === "<" && left.length === 0) return undefined;
    if (dots !== undefined) found[name] = left.splice(0);
    else {
      const word = left.shift();
      if (word !== undefined) found[name] = word;
    }
  }
  return left.length === 0 ? found : undefined;
}
