/**
 * What docs/failures.md promises, measured at a real router: a booted Debian with systemd, the package installed, its
 * agent and ExaBGP killed, stopped and blocked. Needs root, debootstrap and systemd-nspawn. Usage:
 *   npm run bench:failures -- [ROUNDS [WORD…]]     5 rounds by default; only failures with one of the words in them
 * Ends with status 1 when a promise is broken.
 */
import { part } from "../test/host/pop.ts";
import { createFailurePop, describePop } from "./failure-pop.ts";
import { runTrial, type Trial, TRIALS } from "./failure-trials.ts";
import { describeLoad, describeMachine } from "./machine.ts";
import { describeSeries, HEADS, isKept, type Series } from "./promises.ts";
import { spreadPhases } from "./statistics.ts";
import { formatTable, print } from "./table.ts";
import type { Host } from "../test/host/host.ts";

async function measure(host: Host, trial: Trial, rounds: number): Promise<Series[]> {
  const { failure, measures } = trial;
  const runs: number[][] = [];
  await trial.prepare?.(host, true);
  for (const phase of spreadPhases(rounds)) {
    await part(host, async () => void runs.push(await runTrial(host, trial, phase)));
    const values = runs
      .at(-1)
      ?.map((value) => value.toFixed(1))
      .join(", ");
    process.stderr.write(
      `${failure}, ${runs.length} of ${rounds}: ${values}; ${describeLoad("after")}\n`,
    );
  }
  await trial.prepare?.(host, false);
  return measures.map((it, nth) => ({
    ...it,
    failure,
    values: runs.map((values) => values[nth] ?? Number.NaN),
  }));
}

async function main(rounds: number, words: readonly string[]): Promise<void> {
  const trials = TRIALS.filter(
    ({ failure }) => words.length === 0 || words.some((word) => failure.includes(word)),
  );
  if (!Number.isInteger(rounds) || rounds < 1 || trials.length === 0) {
    const known = TRIALS.map(({ failure }) => failure).join(", ");
    throw new RangeError(
      `Cannot measure "${process.argv.slice(2).join(" ")}": say how many rounds, and words of ${known}`,
    );
  }
  print(`${await describeMachine()}\n${describeLoad("before")}; ${rounds} rounds each`);
  const host = await createFailurePop();
  const all: Series[] = [];
  try {
    print(`${await describePop(host)}\n`);
    for (const trial of trials) all.push(...(await measure(host, trial, rounds)));
  } finally {
    await host.remove();
  }
  print(formatTable(HEADS, all.map(describeSeries)));
  const broken = all.filter((series) => !isKept(series));
  for (const { failure, name } of broken) print(`\nBROKEN: ${failure}: ${name}`);
  print(`\n${describeLoad("after")}`);
  if (broken.length > 0) process.exitCode = 1;
}

await main(Number(process.argv[2] ?? 5), process.argv.slice(3));
