/** What `npm start` prints: colours on a terminal, plain lines in a pipe. */
import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

export interface Screen {
  /** Begins a step of the story. */
  step(title: string): void;
  line(text?: string): void;
  /** Columns are aligned; `styles` are per column. */
  table(rows: readonly (readonly string[])[], styles?: readonly (Style | undefined)[]): void;
  /** A command that the reader can type, or that was run. */
  command(text: string): void;
  good(text: string): void;
}

export function createScreen(out: NodeJS.WriteStream): Screen {
  const colours = out.isTTY && (process.env["NO_COLOR"] ?? "") === "";
  const paint = (style: Style | undefined, text: string): string =>
    colours && style !== undefined ? styleText(style, text) : text;
  const screen: Screen = {
    step: (title) => screen.line(`\n${paint(["bold", "cyan"], `== ${title}`)}`),
    line: (text = "") => void out.write(`${text}\n`),
    table(rows, styles = []) {
      const widths = rows.reduce<number[]>(
        (known, row) => row.map((cell, at) => Math.max(cell.length, known[at] ?? 0)),
        [],
      );
      for (const row of rows) {
        const cells = row.map((cell, at) =>
          // Numbers to the right, words to the left.
          paint(
            styles[at],
            /^[+-]?[\d.]+$/.test(cell)
              ? cell.padStart(widths[at] ?? 0)
              : at === row.length - 1
                ? cell
                : cell.padEnd(widths[at] ?? 0),
          ),
        );
        screen.line(`   ${cells.join("  ")}`);
      }
    },
    command: (text) => screen.line(`   ${paint("dim", "$")} ${paint("yellow", text)}`),
    good: (text) => screen.line(`   ${paint("green", text)}`),
  };
  return screen;
}
