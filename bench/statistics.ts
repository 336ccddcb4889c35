/** What is said about a series of measurements: few numbers, no mean that one outlier moves. */

/** @throws {RangeError} When there is no value. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[sorted.length >> 1];
  const lower = sorted[(sorted.length - 1) >> 1];
  if (upper === undefined || lower === undefined) {
    throw new RangeError("Cannot take the median: there are no values");
  }
  return (lower + upper) / 2;
}

/** @param sorted Ascending. @param part 0.99 for the value that 99 of 100 do not exceed. */
export function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

/**
 * `count` phases in 0 to 1, one from each of `count` equal slices, in random order. As random as a kill is, and still
 * every part of the interval has its share: with 20 independent ones the median alone is off by a tenth.
 */
export function spreadPhases(count: number): number[] {
  const phases = Array.from({ length: count }, (_, slice) => (slice + Math.random()) / count);
  for (let at = phases.length - 1; at > 0; at -= 1) {
    const other = Math.floor(Math.random() * (at + 1));
    [phases[at], phases[other]] = [phases[other] ?? 0, phases[at] ?? 0];
  }
  return phases;
}
