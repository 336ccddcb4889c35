/** Real servers of other people, each on a port of loopback that was free a moment ago. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";

/** Resolves when the program has printed a line that matches `ready`; it is killed after the test. */
export async function startDaemon(
  context: TestContext,
  program: string,
  args: readonly string[],
  ready: RegExp,
): Promise<void> {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  const exited = once(child, "exit");
  context.after(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  const printed: string[] = [];
  await new Promise<void>((resolve, reject) => {
    child.on("error", reject);
    for (const stream of [child.stdout, child.stderr]) {
      createInterface(stream).on("line", (line) => {
        printed.push(line);
        if (ready.test(line)) resolve();
      });
    }
    child.on("exit", () => reject(new Error(`${program} ended:\n${printed.join("\n")}`)));
  });
}
