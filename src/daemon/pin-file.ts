/** What a pin's file says. It announces whatever the checks say, so one that is not complete and clear is ignored. */
import { ALL_SERVICES, type Pin } from "../core/inputs.ts";
import { actorWithClaim } from "./actors.ts";
import { endOf, reasonOf } from "./drain-file.ts";
import type { OrderFile } from "./order-file.ts";
import type { OrderFormat, Reading } from "./order-entries.ts";
import { endsAtMs, parseDate, type Seen } from "./order-times.ts";
import { parseObject } from "./untrusted.ts";

/** Whoever needs a pin for longer should mend the check. */
const PIN_MAX_MS = 7 * 24 * 3_600_000;

export const PIN_FORMAT: OrderFormat<Pin> = {
  read(file, service, seen) {
    const reading = readPin(file, service, seen);
    return typeof reading === "string" ? { kind: "ignored", problem: reading } : reading;
  },
  // The file that ends a pin is none itself.
  stuck: (_, problem) => ({ kind: "ignored", problem }),
};

/** @returns Why it is no pin, if it is none. */
function readPin(
  { uid, text, problem }: OrderFile,
  service: string,
  seen: Seen,
): Reading<Pin> | string {
  if (problem !== undefined) return problem;
  if (uid === undefined || text === undefined) return "cannot be read";
  let content: Record<string, unknown>;
  try {
    content = parseObject(text);
  } catch {
    return "is not a JSON object";
  }
  if (content["unpin"] === true) return { kind: "end", end: endOf(service, uid, content) };
  if (service === ALL_SERVICES) return "would pin the whole PoP, which cannot be pinned";
  const { reason, since, until, by } = content;
  if (typeof reason !== "string" || reason.trim() === "") return "has no reason";
  const sinceMs = parseDate(since);
  if (since !== undefined && sinceMs === undefined)
    return "has a since that is no date of RFC 3339";
  const untilMs = parseDate(until);
  if (untilMs === undefined) return "has no until that is a date of RFC 3339";
  const beganMs = sinceMs ?? seen.changedMs ?? seen.wallMs;
  if (sinceMs !== undefined && untilMs <= sinceMs)
    return "has an until that is not after its since";
  if (untilMs - beganMs > PIN_MAX_MS) return "is to stand for longer than 7 days";
  return {
    kind: "order",
    order: {
      service,
      reason: reasonOf(reason),
      by: actorWithClaim(uid, by),
      since: sinceMs === undefined ? undefined : String(since),
      until: String(until),
      endsAtMs: endsAtMs(untilMs, beganMs, seen),
    },
  };
}
