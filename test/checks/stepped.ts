/**
 * A program whose wall clock can be set, with libfaketime: runs the check that each line on stdin holds as JSON, and
 * prints the year and the result. Monotonic time must not be faked.
 */
import { writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { createProbeContext } from "../../checks/context.ts";
import { runCheck } from "./probing.ts";

const context = createProbeContext();

for await (const check of createInterface(process.stdin)) {
  const { result } = await runCheck(JSON.parse(check) as object, { context });
  const year = new Date(context.wallClock.nowMs()).getUTCFullYear();
  writeSync(1, `${year} ${result.outcome} ${result.reason} (${result.detail})\n`);
}
