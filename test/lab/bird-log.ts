/** BIRD's log, as events with the router's own time. */

export interface RouterEvent {
  /** Milliseconds since 1970, with microseconds as fraction. */
  readonly atMs: number;
  /** BIRD's name of the session. */
  readonly session: string;
  readonly kind: RouterEventKind;
  /** Of a route event. */
  readonly prefix?: string;
}

/** `repeated`: announced again as it was. `announced` also replaces a route that differs. */
export type RouterEventKind =
  | "announced"
  | "repeated"
  | "withdrawn"
  | "session-up"
  | "session-down";

const LINE = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{3})(\d{3}) <\w+> (\w+)(?:\.ipv[46])?:? (.*)$/;

const ROUTE_WORDS: readonly (readonly [RegExp, RouterEventKind])[] = [
  [/^> added (?:\[best\] )?(\S+) /, "announced"],
  [/^> (?:ignored|replaced) (\S+) /, "repeated"],
  [/^> removed (?:\[\w+\] )?(\S+) /, "withdrawn"],
];

/** @returns Undefined for lines about anything else. */
export function parseRouterLine(line: string): RouterEvent | undefined {
  const [, day, time, micros, session = "", rest = ""] = LINE.exec(line) ?? [];
  if (day === undefined) return undefined;
  const atMs = Date.parse(`${day}T${time}Z`) + Number(micros) / 1000;
  if (rest === "State changed to up") return { atMs, session, kind: "session-up" };
  // `down` follows `stop` within a millisecond.
  if (rest === "State changed to stop") return { atMs, session, kind: "session-down" };
  for (const [pattern, kind] of ROUTE_WORDS) {
    const prefix = pattern.exec(rest)?.[1];
    if (prefix !== undefined) return { atMs, session, kind, prefix };
  }
  return undefined;
}
