/** Programs that a build asks. */
import { spawnSync } from "node:child_process";

/** Documentation of Node's own standard library says so: a larger output ends the child. */
const OUTPUT_MAX_BYTES = 16 * 1024 * 1024;

/**
 * @returns What it wrote to stdout.
 * @throws {Error} If it does not end with 0; the message has what it wrote to stderr.
 */
export function run(argv: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): string {
  const { status, stdout, stderr, error } = spawnSync(argv[0] ?? "", argv.slice(1), {
    cwd,
    env: { ...process.env, ...env },
    encoding: "utf8",
    maxBuffer: OUTPUT_MAX_BYTES,
  });
  if (status === 0) return stdout;
  const why = error === undefined ? `exit status ${status}: ${stderr}` : String(error);
  throw new Error(`Cannot run "${argv.join(" ")}": ${why}`);
}
