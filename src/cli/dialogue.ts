/** Questions and answers at a terminal. */
import { createInterface } from "node:readline";
import { Writable } from "node:stream";

export interface Dialogue {
  say(text: string): void;
  /**
   * @param isSecret What is typed is not shown.
   * @returns Undefined when there will be no answer: Ctrl-C, Ctrl-D, or the terminal is gone.
   */
  ask(question: string, isSecret?: boolean): Promise<string | undefined>;
  close(): void;
}

/** @param output Must be the terminal: readline writes what is typed there. */
export function openDialogue(
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
): Dialogue {
  let isHiding = false;
  const shown = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (!isHiding) output.write(chunk);
      done();
    },
  });
  // Of the password too: no history.
  const lines = createInterface({ input, output: shown, terminal: true, historySize: 0 });
  const waiting: string[] = [];
  let isOver = false;
  let settle: ((answer: string | undefined) => void) | undefined;
  lines.on("line", (line) => {
    // Lines that were pasted come before they are asked for.
    if (settle === undefined) waiting.push(line);
    else answer(line);
  });
  lines.on("SIGINT", () => lines.close());
  lines.on("close", () => {
    isOver = true;
    answer(undefined);
  });
  const answer = (line: string | undefined): void => {
    const waiter = settle;
    settle = undefined;
    waiter?.(line);
  };
  return {
    say: (text) => void output.write(text),
    async ask(question, isSecret = false) {
      output.write(question);
      // So that readline does not write over it.
      lines.setPrompt(isSecret ? "" : question);
      isHiding = isSecret;
      const typed = await new Promise<string | undefined>((resolve) => {
        if (waiting.length > 0 || isOver) resolve(waiting.shift());
        else settle = resolve;
      });
      isHiding = false;
      if (isSecret || typed === undefined) output.write("\n");
      return typed;
    },
    close: () => lines.close(),
  };
}
