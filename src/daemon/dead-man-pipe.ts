/** ExaBGP's pipes as the dead-man's switch uses them: nothing that it does may wait for ever. */
import { constants, openSync, readSync, writeSync } from "node:fs";

/** A full pipe has no event for plain descriptors. */
const RETRY_MS = 5;

/** ExaBGP reads every few milliseconds; one that takes nothing for so long has stopped. */
const STUCK_MAX_MS = 500;

/** Of what it answers, as much as tells one answer from another. */
const TAIL_MAX_CHARS = 4096;

/** Behind half a line: ExaBGP 4.2 and 5.0 take the whole of it for nothing. */
const POISON = " # 0";

/** More than words of success or failure, and events: what was asked. */
const ANSWER = /^(?!done$|error|\{ "exabgp").+\n(?:.*\n)*?done$/m;

export class DeadManPipe {
  readonly #output: number;
  readonly #input: number | undefined;
  readonly #buffer = Buffer.alloc(65_536);
  readonly #sleeper = new Int32Array(new SharedArrayBuffer(4));
  #isStuck = false;

  /**
   * Opens the pipes anew, because a descriptor that does not block is needed, and that is a property of the opening:
   * the main thread's own stay as they are. What is no pipe cannot be opened so; then a write may block.
   */
  constructor(output = "/proc/self/fd/1", input = "/proc/self/fd/0") {
    this.#output = reopened(output, constants.O_WRONLY) ?? 1;
    this.#input = reopened(input, constants.O_RDONLY);
  }

  /**
   * @param isWithinLine What is in the pipe ends within a line, which is made no command first.
   * @returns How many of `lines` are in the pipe, whole.
   */
  writeAll(lines: readonly string[], isWithinLine: boolean): number {
    if (isWithinLine && !this.write(POISON)) return 0;
    const stuckAt = lines.findIndex((line) => !this.write(line));
    return stuckAt < 0 ? lines.length : stuckAt;
  }

  /** @returns false when it is not in the pipe, whole; then nothing more ever will be. */
  write(line: string): boolean {
    if (this.#isStuck) return false;
    let rest = Buffer.from(`${line}\n`, "latin1");
    let giveUpMs = performance.now() + STUCK_MAX_MS;
    while (rest.length > 0) {
      const length = this.#writeSome(rest);
      if (length > 0) giveUpMs = performance.now() + STUCK_MAX_MS;
      else if (length < 0 || performance.now() > giveUpMs) {
        this.#isStuck = true;
        return false;
      } else {
        // An ExaBGP whose answers nobody reads stops reading too.
        this.discardAnswers();
        this.sleep(RETRY_MS);
      }
      rest = rest.subarray(Math.max(0, length));
    }
    return true;
  }

  /**
   * Waits for ExaBGP to say more than `done` and `error`: the answer to a question that it takes behind all commands.
   * Of what a dead child has left unread it takes 16 KiB only.
   */
  awaitAnswer(question: string, maxMs: number): boolean {
    this.discardAnswers();
    if (!this.write(question)) return false;
    if (this.#input === undefined) {
      this.sleep(maxMs / 10);
      return false;
    }
    let tail = "";
    let giveUpMs = performance.now() + maxMs;
    while (performance.now() < giveUpMs) {
      const text = this.#readSome();
      if (text === "") this.sleep(RETRY_MS);
      // Each answer shows that it reads on.
      else giveUpMs = performance.now() + maxMs;
      tail = `${tail}${text}`.slice(-TAIL_MAX_CHARS);
      if (ANSWER.test(tail)) return true;
    }
    return false;
  }

  /** What was said to the main thread, which will not hear it. */
  discardAnswers(): void {
    while (this.#readSome() !== "");
  }

  sleep(ms: number): void {
    Atomics.wait(this.#sleeper, 0, 0, ms);
  }

  /** @returns 0: not now; -1: never again. */
  #writeSome(bytes: Buffer): number {
    try {
      return writeSync(this.#output, bytes);
    } catch (error) {
      return isLater(error) ? 0 : -1;
    }
  }

  #readSome(): string {
    if (this.#input === undefined) return "";
    try {
      return this.#buffer.toString("latin1", 0, readSync(this.#input, this.#buffer));
    } catch {
      return "";
    }
  }
}

function reopened(path: string, mode: number): number | undefined {
  try {
    return openSync(path, mode | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
}

function isLater(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "EAGAIN" || code === "EINTR";
}
