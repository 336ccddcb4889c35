/** Runs commands in this process, with a world of their own. */
import { systemTimers, type Timers } from "../../checks/timers.ts";
import type { ExitStatus } from "../../src/cli/exit.ts";
import type { CommandIo } from "../../src/cli/io.ts";
import { main } from "../../src/cli/main.ts";

export interface Run {
  readonly status: ExitStatus;
  readonly out: string;
  readonly err: string;
}

/** Of this process: the files that it makes are its own. */
export const UID = process.getuid?.() ?? 0;

/** Ten seconds after the fixtures' agent was started. */
export const NOW = "2026-01-01T00:00:10.000Z";

/** Time that a test can move on, so that a wait of seconds is over when what it waits for was seen. */
export function skippingTimers(): Timers & { readonly skip: (ms: number) => void } {
  let skippedMs = 0;
  return {
    nowMs: () => systemTimers.nowMs() + skippedMs,
    after: (delayMs, then) => systemTimers.after(delayMs, then),
    skip: (ms) => void (skippedMs += ms),
  };
}

/** @param world What differs from a pipe, an empty environment and this user. */
export async function run(argv: readonly string[], world: Partial<CommandIo> = {}): Promise<Run> {
  let [out, err] = ["", ""];
  const status = await main(argv, {
    stdout: (text) => void (out += text),
    stderr: (text) => void (err += text),
    env: {},
    cwd: () => "/",
    color: false,
    uid: UID,
    timers: systemTimers,
    wallMs: () => Date.parse(NOW),
    ...world,
  });
  return { status, out, err };
}
