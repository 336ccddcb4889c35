/** Time as probes and schedulers see it: monotonic, and replaceable in tests. */
export interface Timers {
  /** Milliseconds on the monotonic clock, with fractions; only differences mean anything. */
  nowMs(): number;
  /** Runs `run` once, `delayMs` from now or later; the returned function cancels it. */
  after(delayMs: number, run: () => void): () => void;
}

/** The machine's own monotonic clock. */
export const systemTimers: Timers = {
  nowMs: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};
