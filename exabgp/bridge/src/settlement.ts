/** How one command ended. */

/**
 * - `done`: ExaBGP parsed it and put it into its RIB; not delivered yet. Or nothing had to be written.
 * - `error`: ExaBGP or this package refused it.
 * - `timeout`: no answer in time; ExaBGP may apply it still.
 * - `superseded`: a later change of the same prefix replaced it before it was written.
 * - `unconfirmed`: written to an ExaBGP that gives no answers.
 * - `closed`: ExaBGP is gone, or the bridge was stopped.
 */
export type SettledOutcome = "done" | "error" | "timeout" | "superseded" | "unconfirmed" | "closed";

/** The end of one `announce` or `withdraw`; each has exactly one. */
export interface Settlement {
  readonly outcome: SettledOutcome;
  /**
   * The line that was written, without newline; undefined when none was. Several prefixes may have one line. A withdrawal's attributes are those
   * last announced, not always those that were given.
   */
  readonly line: string | undefined;
  /** On the clock of `timers`. */
  readonly writtenAtMs: number | undefined;
  /** From the write to the answer. */
  readonly ackMs: number | undefined;
  /** Why, for people; printable ASCII, empty when the outcome says it all. */
  readonly detail: string;
}

export type Settled = (settlement: Settlement) => void;

/** The settlement of a change that was never written. */
export function unwritten(outcome: SettledOutcome, detail: string): Settlement {
  return { outcome, line: undefined, writtenAtMs: undefined, ackMs: undefined, detail };
}
