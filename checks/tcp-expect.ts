/** `tcp` and `unix` with `expect`: says something, or waits to be spoken to, and compares how the answer begins. */
import { compare, excerpt } from "./bytes.ts";
import { resultOfError } from "./connect-error.ts";
import { fail, NOT_ASKED, pass, type Result } from "./probe.ts";
import { converse, type Target } from "./stream.ts";

export interface Expectation {
  readonly send: Buffer | undefined;
  readonly expect: Buffer;
}

export async function expectAnswer(
  target: Target,
  { send, expect }: Expectation,
  signal: AbortSignal,
  judgeError: (error: unknown) => Result | undefined = resultOfError,
): Promise<Result> {
  // At most as much as is expected, and the piece that was too much.
  let answer: Buffer = Buffer.alloc(0);
  const hear = (piece: Buffer): Result | undefined => {
    answer = Buffer.concat([answer, piece]);
    return judgeBytes(answer, expect);
  };
  try {
    const heard = await converse({ ...target, send, hear }, signal);
    switch (heard.kind) {
      case "heard":
        return heard.value;
      case "closed":
        return fail("closed", `after ${progress(answer, expect)}`);
      case "self":
        return fail("refused", connectedToItself(target));
      case "timeout":
        return heard.isConnected
          ? fail("timeout", `waiting for the answer: ${progress(answer, expect)}`)
          : fail("timeout", unanswered(target));
      case "not-asked":
        return NOT_ASKED;
    }
  } catch (error) {
    const result = judgeError(error);
    // An error without a word is a bug of ours, and must not withdraw the service.
    if (result === undefined) throw error;
    return result;
  }
}

/** @returns Undefined while more bytes could still decide either way. */
export function judgeBytes(answer: Buffer, expect: Buffer): Result | undefined {
  const comparison = compare(answer, expect);
  if (comparison === "more") return undefined;
  if (comparison === "equal") return pass(`answer begins ${excerpt(expect)}`);
  const { differsAt } = comparison;
  return fail("wrong-answer", `answer differs at byte ${differsAt + 1}: ${excerpt(answer)}`);
}

function connectedToItself(target: Target): string {
  const port = "port" in target ? `port ${target.port}` : "the socket";
  return `${port} was free and connected to itself`;
}

export function unanswered(target: Target): string {
  const what = "no answer to the connection request";
  if ("path" in target) return what;
  const tried = target.addresses.map(({ address }) => address).join(", ");
  return `${what}: ${tried} port ${target.port}`;
}

function progress(answer: Buffer, expect: Buffer): string {
  return `${answer.length} of ${expect.length} bytes`;
}
