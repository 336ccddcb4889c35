/** A length of time in the two units that matter. */

const UNITS = [
  ["d", 86_400],
  ["h", 3600],
  ["m", 60],
  ["s", 1],
] as const;

/** @returns `3d 4h`, `12m 5s`, `0s` for less than a second and for what is negative. */
export function span(ms: number): string {
  let seconds = Math.max(0, Math.floor(ms / 1000));
  const parts: string[] = [];
  for (const [unit, length] of UNITS) {
    const count = Math.floor(seconds / length);
    seconds -= count * length;
    if (count > 0 || parts.length > 0) parts.push(count > 0 ? `${count}${unit}` : "");
  }
  const shown = parts.slice(0, 2).filter((part) => part !== "");
  return shown.join(" ") || "0s";
}
