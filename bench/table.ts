/** Tables in Markdown, so that what a benchmark prints can go into a page as it is. */

/** @param rows Cells as text; numbers, with their unit or without, stand to the right. */
export function formatTable(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const widths = heads.map((head, at) =>
    // Markdown wants three dashes.
    Math.max(3, head.length, ...rows.map((row) => row[at]?.length ?? 0)),
  );
  const isNumeric = heads.map((_, at) =>
    rows.every((row) => /^([-+<]?\d|-$)/.test(row[at] ?? "-")),
  );
  const formatRow = (cells: readonly string[]): string => {
    const padded = cells.map((cell, at) =>
      isNumeric[at] ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0),
    );
    return `| ${padded.join(" | ")} |`;
  };
  const rule = widths.map((width, at) => "-".repeat(width - 1) + (isNumeric[at] ? ":" : "-"));
  return [formatRow(heads), formatRow(rule), ...rows.map(formatRow)].join("\n");
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
