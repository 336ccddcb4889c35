/** What a command is: everything about it in one object. */
import type { InferredOptionTypes, Options, PositionalOptions } from "yargs";
import type { ExitStatus } from "./exit.ts";
import type { CommandIo } from "./io.ts";

/** Of every command. */
export interface CommonArguments {
  readonly config?: string | undefined;
}

/** What a shell completes a positional or the value of an option with. `drained` (or held) and `pinned` are services. */
export type CompletionKind =
  | "services"
  | "drained"
  | "pinned"
  | "checks"
  | "subjects"
  | "shells"
  | "presets"
  | "files"
  | "nothing";

export interface Command {
  /** Its name and positionals, as yargs writes them: `drain [service..]`. */
  readonly signature: string;
  /** One line, without full stop. */
  readonly describe: string;
  readonly positionals: Readonly<Record<string, PositionalOptions>>;
  /** Booleans and texts; `--config` and `--help` are on every command. */
  readonly options: Readonly<Record<string, Options>>;
  /** A command line, and when to use it. */
  readonly examples: readonly (readonly [string, string])[];
  /** By positional or option, where its name does not say it: see `completion-words.ts`. */
  readonly completes?: Readonly<Record<string, CompletionKind>>;
  /** Below the examples. */
  readonly notes?: string;
  /** Where there are some, the command itself does nothing. */
  readonly subcommands?: readonly Command[];
  /** Gets what was parsed, and the world; throws `CommandError` when it cannot do its work. */
  run(args: never, io: CommandIo): Promise<ExitStatus>;
}

/** `drain` */
export function nameOf({ signature }: Command): string {
  return signature.split(" ", 1)[0] ?? "";
}

type Table = Readonly<Record<string, Options>>;

/** Ties the types of the parsed arguments to their description. */
export function defineCommand<const P extends Table, const O extends Table>(
  command: Omit<Command, "positionals" | "options" | "run"> & {
    readonly positionals: P;
    readonly options: O;
    run(args: Parsed<P> & Parsed<O> & CommonArguments, io: CommandIo): Promise<ExitStatus>;
  },
): Command {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- main.ts gives each command what yargs parsed by this very description
  return command as unknown as Command;
}

type Parsed<T extends Table> = InferredOptionTypes<{ -readonly [K in keyof T]: T[K] }>;
