/** Something shown again every second: in place on a terminal, block after block elsewhere. */
import { CommandError } from "./exit.ts";
import type { CommandIo } from "./io.ts";
import { printable } from "./printable.ts";

const PAUSE_MS = 1000;

// Control sequences of xterm: another screen, no cursor, no line breaks at the margin; and all of it back.
const ENTER = "\u001b[?1049h\u001b[?25l\u001b[?7l";
const LEAVE = "\u001b[?7h\u001b[?25h\u001b[?1049l";
const HOME = "\u001b[H";
const CLEAR_LINE = "\u001b[K";
const CLEAR_BELOW = "\u001b[J";

/**
 * Shows what `make` returns until the user ends it. An agent that does not answer is waited for, and said to be.
 *
 * @param make One picture, as lines; throws `CommandError`.
 * @throws {CommandError} `usage` or `refused`, when the first picture cannot be had.
 */
export async function watch(make: () => Promise<string>, io: CommandIo): Promise<void> {
  // Where nothing can end it, one picture is enough.
  const signal = io.interruption?.() ?? AbortSignal.abort();
  const isScreen = io.rows !== undefined;
  let last = await picture(make, undefined);
  if (isScreen) io.stdout(ENTER);
  try {
    for (;;) {
      io.stdout(isScreen ? screenful(last.text, io.rows ?? Infinity) : `${last.text}\n`);
      if (signal.aborted) break;
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          cancel();
          signal.removeEventListener("abort", wake);
          resolve();
        };
        const cancel = io.timers.after(PAUSE_MS, wake);
        signal.addEventListener("abort", wake);
      });
      if (!signal.aborted) last = await picture(make, last);
    }
  } finally {
    if (isScreen) io.stdout(LEAVE);
  }
}

interface Picture {
  readonly text: string;
  /** The last one that an agent gave. */
  readonly good: string;
}

async function picture(make: () => Promise<string>, last: Picture | undefined): Promise<Picture> {
  try {
    const text = await make();
    return { text, good: text };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    if (last === undefined && error.code !== "unreachable") throw error;
    const good = last?.good ?? "";
    const before = good === "" ? "" : `\nIt was last seen so:\n\n${good}`;
    return { text: `${printable(error.message)}\nWaiting for it.\n${before}`, good };
  }
}

/** In place of the one before: no line of that is left. */
function screenful(text: string, rows: number): string {
  const lines = text.replace(/\n$/, "").split("\n");
  const shown = lines.slice(0, Math.max(1, rows - 1));
  const more = lines.length - shown.length;
  if (more > 0) shown[shown.length - 1] = `(${more + 1} more lines)`;
  return `${HOME}${shown.map((line) => `${line}${CLEAR_LINE}\n`).join("")}${CLEAR_BELOW}`;
}
