/** How long ago, in the two units that matter. */

const UNITS = [
  ["d", 86_400],
  ["h", 3600],
  ["m", 60],
  ["s", 1],
] as const;

/** @param since RFC 3339. @returns `3d 4h`, `12m 5s`, `0s` for the future (clocks step), `-` for no date. */
export function age(since: string | undefined, wallMs: number): string {
  const sinceMs = Date.parse(since ?? "");
  if (Number.isNaN(sinceMs)) return "-";
  let seconds = Math.max(0, Math.floor((wallMs - sinceMs) / 1000));
  const parts: string[] = [];
  for (const [unit, length] of UNITS) {
    const count = Math.floor(seconds / length);
    seconds -= count * length;
    if (count > 0 || parts.length > 0) parts.push(count > 0 ? `${count}${unit}` : "");
  }
  return (
    parts
      .slice(0, 2)
      .filter((part) => part !== "")
      .join(" ") || "0s"
  );
}
