/** How the installed ExaBGP wants to be called: 4.2 and 5.0 differ. */
import { tryCommand } from "./command.ts";
import { baseEnvironment } from "./namespace.ts";

export interface ExabgpProgram {
  /** The command that runs `configFile` with the settings of `envFile`. */
  run(envFile: string, configFile: string): string[];
  /** The command that only reads `configFile`; its exit status is the verdict. */
  validate(configFile: string): string[];
  /** The command that prints all settings in the format of exabgp.env. */
  settings(envFile: string): string[];
}

/** The lab runs with another ExaBGP than the installed one when this names its executable. */
const EXECUTABLE = process.env["ANYCTL_LAB_EXABGP"] ?? "exabgp";

const PROGRAM_4: ExabgpProgram = {
  run: (envFile, configFile) => [EXECUTABLE, "--env", envFile, configFile],
  validate: (configFile) => [EXECUTABLE, "--test", configFile],
  settings: (envFile) => [EXECUTABLE, "--env", envFile, "--full-ini"],
};

const PROGRAM_5: ExabgpProgram = {
  run: (envFile, configFile) => [EXECUTABLE, "--env-file", envFile, "server", configFile],
  validate: (configFile) => [EXECUTABLE, "validate", configFile],
  settings: (envFile) => [EXECUTABLE, "--env-file", envFile, "env"],
};

let known: Promise<ExabgpProgram> | undefined;

/** Asks it for its version, once per process. */
export function exabgpProgram(): Promise<ExabgpProgram> {
  known ??= detect();
  return known;
}

async function detect(): Promise<ExabgpProgram> {
  // From 5.0 on there is no `--version`, and no `exabgp version` before.
  const { stdout } = await tryCommand(EXECUTABLE, ["--version"], { env: baseEnvironment() });
  return /ExaBGP : 4\./.test(stdout) ? PROGRAM_4 : PROGRAM_5;
}
