/** The process in which the cases of one target run. Its stdout is watched: whatever comes there would be a command. */
import { writeSync } from "node:fs";
import { runTarget } from "./run.ts";
import type { Target } from "./target.ts";

/** The pipe to whoever started it; written at once, so that it is known which case was the last. */
const TOLD_FD = 3;

const [module = "", name = "", cases = "", seed = "", path] = process.argv.slice(2);
const { TARGETS } = (await import(module)) as { TARGETS: readonly Target[] };
const target = TARGETS.find((one) => one.name === name);
if (target === undefined) throw new RangeError(`There is no target ${name}`);
let started = 0;
const options = { cases: Number(cases), seed: Number(seed), path };
const report = await runTarget(target, options, () => {
  writeSync(TOLD_FD, `${started}\n`);
  started += 1;
});
writeSync(TOLD_FD, `${JSON.stringify(report)}\n`);
process.exit(0);
