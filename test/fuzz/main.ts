/** `npm run fuzz`: many cases of each target; at a failure its seed, its path, and the smallest input that shows it. */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { hunt } from "./hunt.ts";
import type { Report } from "./run.ts";
import { TARGETS } from "./targets.ts";

const USAGE = `Usage: npm run fuzz -- [--cases N] [--seed S] [--target NAME,…] [--path P] [--workers N]

Throws made-up input at whatever reads something that others wrote. Exit status 1 when a promise is broken.`;

/** A night's worth: about half an hour on two cores. */
const CASES_DEFAULT = 100_000;

const MODULE = new URL("./targets.js", import.meta.url);

const out = (text: string): void => void process.stdout.write(`${text}\n`);

/** @returns The exit status. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      cases: { type: "string", default: String(CASES_DEFAULT) },
      seed: { type: "string", default: String(Date.now() % 2 ** 31) },
      target: { type: "string" },
      path: { type: "string" },
      workers: { type: "string", default: String(availableParallelism()) },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    for (const line of [
      USAGE,
      "",
      ...TARGETS.map(({ name, promise }) => `${name.padEnd(13)}${promise}`),
    ])
      out(line);
    return 0;
  }
  const names = values.target?.split(",") ?? TARGETS.map(({ name }) => name);
  const unknown = names.find((name) => !TARGETS.some((target) => target.name === name));
  if (unknown !== undefined) {
    const allowed = TARGETS.map(({ name }) => name).join(", ");
    throw new RangeError(`Cannot use --target ${JSON.stringify(unknown)}; allowed: ${allowed}`);
  }
  const [cases, seed] = [numberOf("cases", values.cases), numberOf("seed", values.seed)];
  const queue = [...names];
  let failed = 0;
  const work = async (): Promise<void> => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      const report = await hunt(MODULE, name, { cases, seed, path: values.path });
      tell(report);
      if (report.failure !== undefined) failed += 1;
    }
  };
  await Promise.all(Array.from({ length: numberOf("workers", values.workers) }, work));
  out(
    `${names.length} targets, seed ${seed}: ${failed === 0 ? "nothing found" : `${failed} failed`}`,
  );
  return failed === 0 ? 0 : 1;
}

function tell({ name, ran, seed, tookMs, reached, failure }: Report): void {
  const places = Object.entries(reached).map(([place, count]) => `${count} ${place}`);
  const took = `${(tookMs / 1000).toFixed(1)} s`;
  out(`${name}: ${ran} cases in ${took}, seed ${seed}: ${places.join(", ")}`);
  if (failure === undefined) return;
  out(`${name}: BROKEN: ${failure.error}`);
  if (failure.input !== "") out(`${name}: input ${failure.input}`);
  const again = failure.path === "" ? "" : ` --path ${failure.path}`;
  out(`${name}: again: npm run fuzz -- --target ${name} --seed ${seed}${again}`);
}

function numberOf(option: string, text: string): number {
  if (/^[0-9]{1,10}$/.test(text)) return Number(text);
  throw new RangeError(`Cannot use --${option} ${JSON.stringify(text)}: must be a number`);
}

process.exit(await main());
