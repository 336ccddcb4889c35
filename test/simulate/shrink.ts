/** Leaves out of a run that fails whatever is not needed for its failure. */
import { type Outcome, run } from "./run.ts";

/** Some minutes. */
const RUNS_MAX = 400;

/**
 * Delta debugging (Zeller): large parts are left out first, then ever smaller ones.
 *
 * @param fails Whether a run with these still fails.
 * @returns What cannot be made smaller by leaving out one of them.
 */
export async function reduce<T>(
  items: readonly T[],
  fails: (items: readonly T[]) => Promise<boolean>,
): Promise<readonly T[]> {
  let left = items;
  let runs = 0;
  let size = Math.ceil(items.length / 2);
  while (size >= 1 && runs < RUNS_MAX) {
    let isSmaller = false;
    for (let at = 0; at < left.length && runs < RUNS_MAX;) {
      const without = [...left.slice(0, at), ...left.slice(at + size)];
      runs += 1;
      if (await fails(without)) {
        left = without;
        isSmaller = true;
      } else {
        at += size;
      }
    }
    if (size > 1) size = Math.floor(size / 2);
    else if (!isSmaller) break;
  }
  return left;
}

/** @returns The run with what is left, told line by line. */
export async function shrink(
  seed: number,
  durationMs: number,
  { happenings, violation }: Outcome,
): Promise<Outcome> {
  const relevant = happenings.filter(({ atMs }) => atMs <= (violation?.atMs ?? Infinity));
  const left = await reduce(relevant, async (some) => {
    const outcome = await run({ seed, durationMs, happenings: some });
    return outcome.violation?.promise === violation?.promise;
  });
  return await run({ seed, durationMs, happenings: left, isTold: true });
}
