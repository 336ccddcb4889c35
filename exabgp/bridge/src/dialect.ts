/** Which commands an ExaBGP understands. */

/** 4 is ExaBGP 4.2, 5 is 5.0 (the same route commands), 6 is the API v6 of 6.0. */
export type Dialect = 4 | 5 | 6;

/** An ExaBGP, as it described itself. */
export interface Identity {
  /** `4.2.21`. */
  readonly version: string;
  readonly dialect: Dialect;
}

/** @param versionLine The text or JSON line that answers `system version`. */
export function dialectOf(versionLine: string): Identity | undefined {
  return versionLine.startsWith("exabgp 4") ? { version: versionLine, dialect: 4 } : undefined;
}
