/** Aligned columns. */
import { printable } from "./printable.ts";

export interface Cell {
  readonly text: string;
  readonly color?: Color;
}

const COLORS = { red: 31, green: 32, yellow: 33, cyan: 36, bold: 1, dim: 2 } as const;
export type Color = keyof typeof COLORS;

/** Between two columns. */
const GAP = "  ";

/**
 * One line per row. Text of any width belongs in the last column: the others are padded by their number of
 * characters.
 *
 * @param rows The first one is the heading.
 */
export function table(rows: readonly (readonly (Cell | string)[])[], color: boolean): string {
  const cells = rows.map((row, nth) => row.map((cell) => toCell(cell, nth === 0)));
  const widths = (cells[0] ?? []).map((_, column) =>
    Math.max(...cells.map((row) => row[column]?.text.length ?? 0)),
  );
  const lines = cells.map((row) => {
    const last = row.findLastIndex(({ text }) => text !== "");
    return row
      .slice(0, last + 1)
      .map((cell, column) => {
        const width = column < last ? (widths[column] ?? 0) : 0;
        return paint(cell, color) + " ".repeat(Math.max(0, width - cell.text.length));
      })
      .join(GAP);
  });
  return lines.map((line) => `${line}\n`).join("");
}

/** Colored, or not. */
export function paint({ text, color: name }: Cell, color: boolean): string {
  return color && name !== undefined && text !== ""
    ? `\u001b[${COLORS[name]}m${text}\u001b[0m`
    : text;
}

function toCell(cell: Cell | string, isHeading: boolean): Cell {
  const { text, color } = typeof cell === "string" ? { text: cell, color: undefined } : cell;
  const shown = isHeading ? "bold" : color;
  return { text: printable(text), ...(shown && { color: shown }) };
}
