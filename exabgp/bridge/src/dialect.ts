/** Which commands an ExaBGP understands. */

/** 4 is ExaBGP 4.2, 5 is 5.0 (the same route commands), 6 is the API v6 of 6.0. */
export type Dialect = 4 | 5 | 6;

/** An ExaBGP, as it described itself. */
export interface Identity {
  /** `4.2.21`; `unknown` when a forced dialect met silence. */
  readonly version: string;
  readonly dialect: Dialect;
}

/** Long enough for development versions such as `6.0.0-20260822+uuid`. */
const VERSION = /^[0-9]{1,4}(?:\.[0-9A-Za-z+_-]{1,60}){0,4}$/;

/**
 * @param versionLine The line that answers `system version`: text up to 5.0 and in 6.0 with API v4, JSON in API v6.
 * @returns undefined when the line says nothing of a known ExaBGP.
 */
export function dialectOf(versionLine: string): Identity | undefined {
  if (versionLine.startsWith("{")) return jsonIdentity(versionLine);
  const [name, version = "", ...rest] = versionLine.split(" ");
  if (name !== "exabgp" || rest.length > 0 || !VERSION.test(version)) return undefined;
  const major = Number.parseInt(version, 10);
  // A 6.0 that answers in text has API v4 switched on: it takes the commands of 5.0.
  return major < 4 ? undefined : { version, dialect: major === 4 ? 4 : 5 };
}

function jsonIdentity(line: string): Identity | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { version, application } = value as { version?: unknown; application?: unknown };
  if (application !== "exabgp" || typeof version !== "string" || !VERSION.test(version))
    return undefined;
  return Number.parseInt(version, 10) < 6 ? undefined : { version, dialect: 6 };
}
