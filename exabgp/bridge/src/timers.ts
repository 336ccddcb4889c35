/** Time as the bridge sees it: monotonic, and replaceable in tests. */
export interface Timers {
  /** Milliseconds on the monotonic clock; only differences mean anything. */
  nowMs(): number;
  /** Runs `run` once, `delayMs` from now or later; the returned function cancels it. */
  after(delayMs: number, run: () => void): () => void;
}
