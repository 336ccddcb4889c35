/** Runs short programs to their end. */
import { spawn } from "node:child_process";

export interface CommandResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Never rejects because of an exit status; a program that ends by a signal has status 128. */
export function tryCommand(
  file: string,
  args: readonly string[],
  { input = "", env = process.env }: { input?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { env });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => void (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => void (stderr += text));
    child.once("error", reject);
    child.once("close", (status) => resolve({ status: status ?? 128, stdout, stderr }));
    // A program that reads nothing may be gone already.
    child.stdin.once("error", () => {});
    child.stdin.end(input);
  });
}

/** @throws {Error} With what the program printed, when its exit status is not 0. */
export async function runCommand(
  file: string,
  args: readonly string[],
  options: { input?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<string> {
  const { status, stdout, stderr } = await tryCommand(file, args, options);
  if (status === 0) return stdout;
  throw new Error(
    `Cannot run "${[file, ...args].join(" ")}": status ${status}: ${(stderr || stdout).trim()}`,
  );
}
