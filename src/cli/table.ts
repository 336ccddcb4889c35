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

/** Of what is cut. */
const DOTS = "...";

/** Narrower columns are nobody's help: then lines are longer than the terminal. */
const COLUMN_MIN = 8;

/**
 * One line per row. Text of any width belongs in the last column: the others are padded by their number of
 * characters.
 *
 * @param rows The first one is the heading.
 * @param columns Of the terminal: on a narrower one than the table needs, the widest cells are cut.
 */
export function table(
  rows: readonly (readonly (Cell | string)[])[],
  color: boolean,
  columns = Infinity,
): string {
  const whole = rows.map((row, nth) => row.map((cell) => toCell(cell, nth === 0)));
  const needed = (whole[0] ?? []).map((_, column) =>
    whole.reduce((width, row) => Math.max(width, row[column]?.text.length ?? 0), 0),
  );
  const widths = fit(needed, columns);
  const cells = whole.map((row) =>
    row.map((cell, column) => ({ ...cell, text: cut(cell.text, widths[column] ?? 0) })),
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

/** The widest column gives way first, down to what still says something. */
function fit(needed: readonly number[], columns: number): readonly number[] {
  const widths = [...needed];
  let excess = widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length) - columns;
  while (excess > 0) {
    const widest = widths.indexOf(Math.max(...widths));
    const others = widths.filter((_, column) => column !== widest);
    const next = Math.max(COLUMN_MIN, ...others.filter((width) => width < (widths[widest] ?? 0)));
    // At most down to the next widest, so that they give way together.
    const gives = Math.min(excess, Math.max(1, (widths[widest] ?? 0) - next));
    if ((widths[widest] ?? 0) - gives < COLUMN_MIN) break;
    widths[widest] = (widths[widest] ?? 0) - gives;
    excess -= gives;
  }
  return widths;
}

/** At most `width` characters, with dots where something is missing. */
export function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - DOTS.length))}${DOTS}`;
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
