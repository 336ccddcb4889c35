/** Starts a hunter, and ends it from outside when a case hangs it beyond anything that it could notice itself. */
import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { createInterface } from "node:readline";
import type { Failure, Report, RunOptions } from "./run.ts";

/** More than a case may take before it is interrupted from inside, also on a starved machine. */
export const SILENCE_MAX_MS = 300_000;

/** More than any target needs, far less than what an input could make it take. */
const MEMORY_MAX_MB = 1024;

const HUNTER = fileURLToPath(new URL("./hunter.js", import.meta.url));

/** @param module Whose `TARGETS` has the target. */
export async function hunt(
  module: URL,
  name: string,
  options: RunOptions,
  silenceMaxMs = SILENCE_MAX_MS,
): Promise<Report> {
  const { cases, seed, path } = options;
  const argv = [HUNTER, module.href, name, String(cases), String(seed), ...(path ? [path] : [])];
  const beganMs = performance.now();
  const child = spawn(process.execPath, [`--max-old-space-size=${MEMORY_MAX_MB}`, ...argv], {
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  let [last, isSilent, written, told] = [-1, false, "", ""];
  let report: Report | undefined;
  const end = (): void => {
    isSilent = true;
    child.kill("SIGKILL");
  };
  let timer = setTimeout(end, silenceMaxMs);
  child.stdout?.on(
    "data",
    (chunk: Buffer) => (written = (written + chunk.toString()).slice(0, 1000)),
  );
  child.stderr?.on("data", (chunk: Buffer) => (told = (told + chunk.toString()).slice(-2000)));
  const lines = createInterface({ input: child.stdio[3] as Readable });
  lines.on("line", (line) => {
    clearTimeout(timer);
    timer = setTimeout(end, silenceMaxMs);
    if (line.startsWith("{")) report = JSON.parse(line) as Report;
    else last = Number(line);
  });
  const status = await new Promise<string>((resolve) =>
    child.once("close", (code, signal) => resolve(String(signal ?? code))),
  );
  clearTimeout(timer);
  const failed = (error: string): Report => {
    const failure: Failure = { path: path ?? String(last), input: "", error };
    const tookMs = performance.now() - beganMs;
    return { name, ...options, ran: last + 1, tookMs, reached: {}, ...report, failure };
  };
  if (isSilent) return failed(`The case hangs: no sign of life for ${silenceMaxMs} ms`);
  if (report === undefined) return failed(`Ended by ${status} in this case: ${told}`);
  if (written !== "") return failed(`Wrote to stdout: ${JSON.stringify(written)}`);
  return report;
}
