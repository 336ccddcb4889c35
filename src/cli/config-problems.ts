/** The configuration for commands that need all of it; loaded only by them, because it takes longer than the rest. */
import type { LoadedConfig } from "../config/load.ts";
import { CommandError } from "./exit.ts";
import type { CommandIo } from "./io.ts";
import { printable } from "./printable.ts";

/**
 * The configuration, with its warnings told on stderr.
 *
 * @throws {CommandError} `refused`, after all problems have been told there, one per line.
 */
export async function loadOrTell(path: string, io: CommandIo): Promise<LoadedConfig> {
  const { ConfigError, formatProblem, loadConfig } = await import("../config/load.ts");
  try {
    const config = loadConfig(path);
    for (const warning of config.warnings) {
      io.stderr(`${printable(`warning: ${formatProblem(warning)}`)}\n`);
    }
    return config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const problem of error.problems) io.stderr(`${printable(formatProblem(problem))}\n`);
    const count = error.problems.length;
    const what = count === 1 ? "1 problem" : `${count} problems`;
    throw new CommandError("refused", `Cannot use config ${JSON.stringify(path)}: ${what}`, error);
  }
}
