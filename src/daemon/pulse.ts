/** Whether ExaBGP answers: it is asked only when a proof is wanted and nothing was heard of it lately. */

/** So old may a sign of life be to prove something, and so old its answer to a question, milliseconds. */
const FRESH_MS = 1000;
const ANSWER_FRESH_MS = 2000;

/** So long an answer may take. */
const ANSWER_MAX_MS = 2000;

/** Unanswered in a row: then ExaBGP hangs. Until then it is only slow, and not proved to be well. */
const UNANSWERED_MAX = 2;

export class Pulse {
  readonly #ask: () => void;
  /** The last question that is on its way, and the first without an answer. */
  #askedMs: number | undefined;
  #firstAskedMs = -Infinity;
  #unanswered = 0;
  /** The last question was answered then. */
  #answeredMs = -Infinity;

  /** @param ask Sees to it that ExaBGP has something to answer. */
  constructor(ask: () => void) {
    this.#ask = ask;
  }

  /** Whether ExaBGP has answered nothing for twice the time that an answer may take. */
  get isSilent(): boolean {
    return this.#unanswered >= UNANSWERED_MAX;
  }

  /** This process stood still: nobody can have read an answer. The question has its time anew. */
  resumed(nowMs: number): void {
    if (this.#askedMs !== undefined) this.#askedMs = nowMs;
  }

  /**
   * To be called again and again.
   *
   * @param heardMs When ExaBGP last wrote anything; undefined: never.
   * @param isWanted Whether a proof is wanted now.
   * @returns Whether there is one.
   */
  look(nowMs: number, heardMs: number | undefined, isWanted: boolean): boolean {
    this.#take(nowMs, heardMs ?? -Infinity);
    if (this.#askedMs !== undefined) return false;
    if (nowMs - this.#answeredMs < ANSWER_FRESH_MS) return true;
    if (nowMs - (heardMs ?? -Infinity) < FRESH_MS) return true;
    if (isWanted) {
      this.#firstAskedMs = nowMs;
      this.#send(nowMs);
    }
    return false;
  }

  #take(nowMs: number, heardMs: number): void {
    if (this.#askedMs === undefined) return;
    if (heardMs >= this.#firstAskedMs) {
      this.#askedMs = undefined;
      this.#unanswered = 0;
      this.#answeredMs = heardMs;
    } else if (nowMs - this.#askedMs >= ANSWER_MAX_MS) {
      this.#unanswered = Math.min(this.#unanswered + 1, UNANSWERED_MAX);
      this.#send(nowMs);
    }
  }

  #send(nowMs: number): void {
    this.#askedMs = nowMs;
    this.#ask();
  }
}
