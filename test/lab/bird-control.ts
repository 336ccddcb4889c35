/** BIRD's control socket, as birdc speaks it, without starting a program for each question. */
import { connect } from "node:net";

/** A question that takes longer than this will not be answered. */
const ANSWER_DEADLINE_MS = 5000;

/** One line of an answer: BIRD numbers what the line is about. */
export interface ControlLine {
  readonly code: number;
  readonly text: string;
}

/**
 * @param command As typed in birdc, such as `show protocols all pop4`.
 * @throws {Error} With BIRD's own words when it refuses the command (codes from 8000 on, but for "not found").
 */
export function askBird(socketPath: string, command: string): Promise<ControlLine[]> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    let text = "";
    let asked = false;
    const timer = setTimeout(() => {
      finish(() => reject(new Error(`Cannot ask BIRD "${command}": no answer on ${socketPath}`)));
    }, ANSWER_DEADLINE_MS);
    function finish(settle: () => void): void {
      clearTimeout(timer);
      socket.destroy();
      settle();
    }
    socket.setEncoding("utf8");
    socket.once("error", (error) => finish(() => reject(error)));
    socket.on("data", (chunk: string) => {
      text += chunk;
      // The last line of an answer has its number, a space and no dash; the first answer is BIRD's greeting.
      if (!/^\d{4} .*\n$/m.test(text.slice(text.lastIndexOf("\n", text.length - 2) + 1))) return;
      if (!asked) {
        asked = true;
        text = "";
        socket.write(`${command}\n`);
        return;
      }
      const lines = parseAnswer(text);
      const refusal = lines.find(({ code }) => code >= 8000 && code !== NETWORK_NOT_FOUND);
      finish(() =>
        refusal === undefined
          ? resolve(lines)
          : reject(new Error(`Cannot ask BIRD "${command}": ${refusal.text}`)),
      );
    });
  });
}

const NETWORK_NOT_FOUND = 8001;

/** A line without a number continues what the number before it is about. */
export function parseAnswer(text: string): ControlLine[] {
  let code = 0;
  return text
    .trimEnd()
    .split("\n")
    .map((line) => {
      const numbered = /^(\d{4})[ -](.*)$/.exec(line);
      if (numbered === null) return { code, text: line.replace(/^ /, "") };
      code = Number(numbered[1]);
      return { code, text: numbered[2] ?? "" };
    });
}
