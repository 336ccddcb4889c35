/** What is promised of a number, and whether a series of them keeps it. */
import { median } from "./statistics.ts";

export interface Measure {
  /** Completes the name of its failure, with the unit last. */
  readonly name: string;
  /** Absent: measured, and nothing is promised. */
  readonly promise?: Limit;
}

/** Every single value must be within. */
export type Limit = { readonly atMost: number } | { readonly moreThan: number };

/** One measure of one failure over all rounds. */
export interface Series extends Measure {
  readonly failure: string;
  readonly values: readonly number[];
}

export const HEADS = ["", "n", "median", "min", "max", "promised"] as const;

/** @throws {RangeError} When there is no value. */
export function describeSeries({ failure, name, values, promise }: Series): string[] {
  const numbers = [median(values), Math.min(...values), Math.max(...values)].map(formatNumber);
  return [`${failure}: ${name}`, String(values.length), ...numbers, describeLimit(promise)];
}

/** @returns False also for what was never measured. */
export function isKept({ values, promise }: Series): boolean {
  if (promise === undefined) return true;
  const isWithin = (value: number): boolean =>
    "atMost" in promise ? value <= promise.atMost : value > promise.moreThan;
  return values.length > 0 && values.every(isWithin);
}

export function describeLimit(limit: Limit | undefined): string {
  if (limit === undefined) return "-";
  if ("moreThan" in limit) return `more than ${limit.moreThan}`;
  return limit.atMost === 0 ? "none" : `at most ${limit.atMost}`;
}

/** Whole milliseconds where there are many: two clocks were read. */
function formatNumber(value: number): string {
  return value.toFixed(Number.isInteger(value) || value >= 100 ? 0 : 1);
}
