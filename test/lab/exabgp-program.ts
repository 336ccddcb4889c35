/** The one place that knows which ExaBGP is tested, and how it wants to be called: 4.2 and 5.0 differ. */
import { isAbsolute } from "node:path";
import { tryCommand } from "./command.ts";
import { baseEnvironment } from "./namespace.ts";

export interface ExabgpProgram {
  /** Such as `4.2.21`, as it says itself. */
  readonly version: string;
  /** The command that runs `configFile`, with the settings of `envFile` if there is one. */
  run(configFile: string, envFile?: string): string[];
  /** The command that only reads `configFile`; its exit status is the verdict. */
  validate(configFile: string): string[];
  /** The command that prints all settings in the format of exabgp.env. */
  settings(envFile: string): string[];
}

type Calls = Omit<ExabgpProgram, "version">;

const calls4 = (program: string): Calls => ({
  run: (configFile, envFile) => [
    program,
    ...(envFile === undefined ? [] : ["--env", envFile]),
    configFile,
  ],
  validate: (configFile) => [program, "--test", configFile],
  settings: (envFile) => [program, "--env", envFile, "--full-ini"],
});

const calls5 = (program: string): Calls => ({
  run: (configFile, envFile) => [
    program,
    ...(envFile === undefined ? [] : ["--env-file", envFile]),
    "server",
    configFile,
  ],
  validate: (configFile) => [program, "validate", configFile],
  settings: (envFile) => [program, "--env-file", envFile, "env"],
});

/** Tests run with the ExaBGP that this names, an absolute path; default: the installed one. */
const EXECUTABLE = process.env["ANYCTL_TEST_EXABGP"] ?? "exabgp";

let known: Promise<ExabgpProgram> | undefined;

/** Asks it for its version, once per process. */
export function exabgpProgram(): Promise<ExabgpProgram> {
  known ??= detectExabgp(EXECUTABLE);
  return known;
}

/**
 * @param executable A path, or a name in PATH.
 * @throws {Error} When it does not tell its version: a test that goes on would prove something else.
 */
export async function detectExabgp(executable: string): Promise<ExabgpProgram> {
  if (executable.includes("/") && !isAbsolute(executable)) {
    throw new Error(`Cannot test with ExaBGP "${executable}": the path must be absolute`);
  }
  const said: string[] = [];
  // From 5.0 on there is no `--version`; before, `version` would be a configuration to run.
  for (const [question, calls] of [
    ["--version", calls4],
    ["version", calls5],
  ] as const) {
    const { stdout, stderr } = await tryCommand(executable, [question], { env: baseEnvironment() });
    const version = /ExaBGP : (\d\S*)/.exec(stdout)?.[1];
    if (version !== undefined) return { version, ...calls(executable) };
    said.push(stdout + stderr);
  }
  throw new Error(`Cannot test with ExaBGP "${executable}": it tells no version: ${said.join("")}`);
}
