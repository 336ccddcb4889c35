/** How many records are not where they should be, as a problem says it. */

/** @returns `1 record is`, `2 records are`. */
export function recordCount(count: number): string {
  return count === 1 ? "1 record is" : `${count} records are`;
}
