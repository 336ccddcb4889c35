/** What happened after a fault, in milliseconds since it. */

export interface Moment {
  /** Wall clock, milliseconds since 1970. */
  readonly atMs: number;
  /** Who saw it: `nginx`, `agent`, `ExaBGP`, `BIRD`, `client`. */
  readonly who: string;
  readonly what: string;
}

export interface TimelineRow extends Moment {
  /** Milliseconds since the first moment. */
  readonly sinceFaultMs: number;
  /** Milliseconds since the moment before. */
  readonly stepMs: number;
}

/** In order of time; moments of one millisecond stay as given: clocks with less precision come first. */
export function timeline(moments: readonly Moment[]): TimelineRow[] {
  const ordered = moments.toSorted((a, b) => a.atMs - b.atMs);
  const faultAtMs = ordered[0]?.atMs ?? 0;
  let beforeMs = faultAtMs;
  return ordered.map((moment) => {
    const row = {
      ...moment,
      sinceFaultMs: moment.atMs - faultAtMs,
      stepMs: moment.atMs - beforeMs,
    };
    beforeMs = moment.atMs;
    return row;
  });
}
