/** What a drain file says: whatever is in it, it drains, unless it says clearly that it ends a drain. */
import { isDuration, parseDuration } from "../config/duration.ts";
import type { Drain, Undrain } from "../core/inputs.ts";
import { actorOf, actorWithClaim } from "./actors.ts";
import type { OrderFile } from "./order-file.ts";
import type { OrderFormat, Reading } from "./order-entries.ts";
import { endsAtMs, parseDate, type Seen, startedMs } from "./order-times.ts";
import { parseObject } from "./untrusted.ts";

/** Enough to say who and why; a drain is also shown on terminals and in the journal. */
const REASON_MAX_CHARS = 1024;

/** @param transient Of the folder that is emptied at ExaBGP's next start. */
export function drainFormat(transient: boolean): OrderFormat<Drain> {
  return {
    read: (file, service, seen) => readDrain(file, { service, transient }, seen),
    stuck({ service, reason, by, clearsHold }, problem) {
      // It may stand in the place of no drain at all: then a service that is announced would be withdrawn.
      if (clearsHold === true) return { kind: "ignored", problem };
      // What cannot be ended stands.
      return { kind: "order", order: drainOf({ service, reason, by, transient, problem }) };
    },
  };
}

/** A drain of which nothing is known but what is given. */
export function drainOf(known: Partial<Drain> & { service: string }): Drain {
  const nothing = {
    kind: "operator",
    reason: "",
    by: "unknown",
    since: undefined,
    until: undefined,
    problem: undefined,
    startedMs: 0,
    endsAtMs: undefined,
    gracefulMs: undefined,
    transient: false,
  } as const;
  return { ...nothing, ...known };
}

/** The text of a reason, cut. */
export function reasonOf(reason: unknown): string {
  return typeof reason === "string" ? reason.slice(0, REASON_MAX_CHARS) : "";
}

/** Who ended a drain or a pin. */
export function endOf(
  service: string,
  uid: number | undefined,
  { reason, by }: Record<string, unknown>,
): Undrain {
  const actor = uid === undefined ? "unknown" : actorWithClaim(uid, by);
  return { service, by: actor, reason: reasonOf(reason) };
}

function readDrain(
  { uid, text, problem }: OrderFile,
  known: Pick<Drain, "service" | "transient">,
  seen: Seen,
): Reading<Drain> {
  const drain = drainOf({
    ...known,
    by: uid === undefined ? "unknown" : actorOf(uid),
    problem,
    startedMs: startedMs(undefined, seen),
  });
  // What `touch` makes.
  if (text === undefined || text.trim() === "") return { kind: "order", order: drain };
  let content: Record<string, unknown>;
  try {
    content = parseObject(text);
  } catch {
    return { kind: "order", order: { ...drain, problem: also(problem, "is not a JSON object") } };
  }
  // Of somebody who was not allowed to end anything it is a drain like any other.
  if (content["undrain"] === true && problem === undefined) {
    const clears = content["clearHold"] === true ? ({ clearsHold: true } as const) : {};
    return { kind: "end", end: { ...endOf(known.service, uid, content), ...clears } };
  }
  return { kind: "order", order: { ...drain, ...fieldsOf(content, uid, problem, seen) } };
}

/** The fields that make sense. Without the others the drain stands, and longer rather than shorter. */
function fieldsOf(
  content: Record<string, unknown>,
  uid: number | undefined,
  rights: string | undefined,
  seen: Seen,
): Partial<Drain> {
  const { reason, since, until, graceful, by } = content;
  let problem = rights;
  if (reason !== undefined && typeof reason !== "string") {
    problem = also(problem, "has a reason that is no text");
  }
  const sinceMs = parseDate(since);
  if (since !== undefined && sinceMs === undefined) {
    problem = also(problem, "has a since that is no date of RFC 3339");
  }
  let untilMs = parseDate(until);
  if (until !== undefined && untilMs === undefined) {
    problem = also(problem, "has an until that is no date of RFC 3339");
  }
  if (untilMs !== undefined && sinceMs !== undefined && untilMs <= sinceMs) {
    problem = also(problem, "has an until that is not after its since");
    untilMs = undefined;
  }
  let gracefulMs =
    typeof graceful === "string" && isDuration(graceful) ? parseDuration(graceful) : undefined;
  if (graceful !== undefined && gracefulMs === undefined) {
    problem = also(problem, "has a graceful that is no duration");
  }
  // Whoever may write this file, but not in the folder, could end the drain by an early end, or put it off.
  if (rights !== undefined && (untilMs ?? gracefulMs) !== undefined) {
    problem = also(problem, "so that its until and graceful do not count");
    [untilMs, gracefulMs] = [undefined, undefined];
  }
  return {
    reason: reasonOf(reason),
    ...(uid !== undefined && { by: actorWithClaim(uid, by) }),
    since: sinceMs === undefined ? undefined : String(since),
    until: untilMs === undefined ? undefined : String(until),
    startedMs: startedMs(sinceMs, seen),
    endsAtMs:
      untilMs === undefined ? undefined : endsAtMs(untilMs, sinceMs ?? seen.changedMs, seen),
    gracefulMs,
    problem,
  };
}

function also(problem: string | undefined, another: string): string {
  return problem === undefined ? another : `${problem}, ${another}`;
}
