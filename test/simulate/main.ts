/** `npm run simulate`: many seeds, each some hours of a PoP; at a failure the seed, and what led to it. */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { runSeeds } from "./crew.ts";
import { run } from "./run.ts";
import { shrink } from "./shrink.ts";

const USAGE = `Usage: npm run simulate -- [--seeds N] [--from N] [--hours H] [--workers N] [--first]
       npm run simulate -- --seed N [--hours H] [--lines]

Runs the agent in simulated PoPs, one for each seed. Exit status 1 when a promise is broken.`;

/** Of a run in which nothing else is asked for. */
const HOURS_DEFAULT = 1;

/** A shrunk run is told from here on before its end: what is before is settled. */
const LINES_SHOWN = 200;

const PROGRESS_EVERY = 100;

const out = (text: string): void => void process.stdout.write(`${text}\n`);

/** @returns The exit status. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: "string", default: "100" },
      from: { type: "string", default: "1" },
      seed: { type: "string" },
      hours: { type: "string", default: String(HOURS_DEFAULT) },
      workers: { type: "string", default: String(availableParallelism()) },
      lines: { type: "boolean", default: false },
      list: { type: "string" },
      first: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    out(USAGE);
    return 0;
  }
  const durationMs = numberOf(values.hours) * 3_600_000;
  if (values.seed !== undefined) return await tell(numberOf(values.seed), durationMs, values.lines);
  const seeds =
    values.list === undefined
      ? Array.from({ length: numberOf(values.seeds) }, (_, nth) => numberOf(values.from) + nth)
      : readFileSync(values.list, "utf8").split("\n").filter(Boolean).map(numberOf);
  const beganMs = performance.now();
  let [ended, failed] = [0, 0];
  const sums: Record<string, number> = {};
  let first: number | undefined;
  await runSeeds(seeds, durationMs, numberOf(values.workers), ({ seed, violation, counts }) => {
    ended += 1;
    for (const [name, count] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + count;
    if (violation !== undefined) {
      failed += 1;
      out(`seed ${seed}: ${violation.promise}: ${violation.detail}`);
      first = Math.min(first ?? Infinity, seed);
    }
    if (ended % PROGRESS_EVERY === 0) out(`${ended} of ${seeds.length} seeds, ${failed} failed`);
    return !(values.first && violation !== undefined);
  });
  const tookS = (performance.now() - beganMs) / 1000;
  const words = Object.entries(sums).map(([name, sum]) => `${sum} ${name}`);
  out(
    `${ended} seeds of ${values.hours} h in ${tookS.toFixed(0)} s, ${failed} failed: ${words.join(", ")}`,
  );
  if (first === undefined) return 0;
  if (values.first) return 1;
  return await tell(first, durationMs, false);
}

/** One seed, shrunk if it fails. */
async function tell(seed: number, durationMs: number, isWhole: boolean): Promise<number> {
  const outcome = await run({ seed, durationMs, isTold: isWhole });
  if (isWhole) out(outcome.lines.join("\n"));
  const { violation, counts, hash } = outcome;
  if (violation === undefined) {
    out(`seed ${seed}: no promise is broken; ${JSON.stringify(counts)} ${hash.slice(0, 12)}`);
    return 0;
  }
  if (isWhole) return 1;
  const shrunk = await shrink(seed, durationMs, outcome);
  out(`\nseed ${seed}, ${shrunk.happenings.length} of ${outcome.happenings.length} happenings:`);
  out(
    shrunk.lines
      .filter((line) => !/> (show |system version)/.test(line))
      .slice(-LINES_SHOWN)
      .join("\n"),
  );
  out(`seed ${seed}: ${violation.promise}: ${shrunk.violation?.detail ?? violation.detail}`);
  return 1;
}

function numberOf(text: string): number {
  const number = Number(text);
  if (!(number >= 0)) throw new RangeError(`Cannot use "${text}": it is no number`);
  return number;
}

process.exit(await main());
