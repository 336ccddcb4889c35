/** The kinds of audit records: the journal's MESSAGE_ID and PRIORITY of each. systemd/anyctl.catalog explains them. */
import type { AuditRecord } from "./audit-record.ts";

export interface Kind {
  /** 128 bits, made once by `systemd-id128 new` and never changed. */
  readonly messageId: string;
  /** Of syslog (RFC 5424, table 2). */
  readonly priority: 2 | 3 | 4 | 5 | 6;
}

export const KINDS = {
  "dead-man": { messageId: "c5b148118b3042fa8c16dec16c3b5da3", priority: 2 },
  withdrawn: { messageId: "449fe6b48efb4776b6a3e539279e3855", priority: 3 },
  removed: { messageId: "c243148c42424d67abb3923f66744290", priority: 3 },
  "session-down": { messageId: "474a9da5b94742bda68a582611c0bb12", priority: 3 },
  degraded: { messageId: "d293dd05e73c4f8a97868f7aa5cccb1e", priority: 4 },
  held: { messageId: "6b7319de7a8a416faa05f0c03ecc4ba9", priority: 4 },
  guarded: { messageId: "d036922c55b5413ba1a5c4ce0d71d57d", priority: 4 },
  refused: { messageId: "2b01db9357f44a64a4d4c51379714292", priority: 4 },
  drift: { messageId: "1602d38a22744b068f07ac414150293c", priority: 4 },
  announced: { messageId: "533960ab33914eac91ef7710d85e3b38", priority: 5 },
  drain: { messageId: "180d03a09bc2494096d310def6500ab7", priority: 5 },
  undrain: { messageId: "8841c8598cbe4015bb5fe7582926bc4c", priority: 5 },
  pin: { messageId: "0e5a10e736c54861a763f96fb9fcddea", priority: 5 },
  unpin: { messageId: "4fa21749339f4329903903b49cd27e66", priority: 5 },
  reconfigured: { messageId: "660f035bcb4248a7a6fa2c0786caaeef", priority: 5 },
  reloaded: { messageId: "f0f3172d4e944cfbbbfbb699a64219dd", priority: 5 },
  stopping: { messageId: "247dda30209f45e78538f11e24fc532f", priority: 5 },
  "session-up": { messageId: "30b934c4dac24a5b9352f09013957f47", priority: 5 },
  repeated: { messageId: "b121b9273cc045c5a2be4169a43e9b6e", priority: 5 },
  judging: { messageId: "0e316da4cf474be48a77c37e06ba9812", priority: 6 },
  other: { messageId: "a2ab6cc6fc664a11abf41834cf8b3ca7", priority: 5 },
} as const satisfies Readonly<Record<string, Kind>>;

export type KindName = keyof typeof KINDS;

/** Reasons of records that are about no service's state. */
const BY_REASON: Readonly<Record<string, KindName>> = {
  "session-up": "session-up",
  "session-down": "session-down",
  "mass-withdrawal": "refused",
  "invalid-configuration": "refused",
  reconfigured: "reconfigured",
  reloaded: "reloaded",
  repeated: "repeated",
  drift: "drift",
  "dead-man": "dead-man",
  // Also without a change of state, because another order keeps it.
  undrained: "undrain",
  "hold-cleared": "undrain",
  pinned: "pin",
  unpinned: "unpin",
};

/** The states that say by themselves what has happened. */
const BY_STATE: Readonly<Record<string, KindName>> = {
  down: "withdrawn",
  removed: "removed",
  draining: "drain",
  drained: "drain",
  pinned: "pin",
  held: "held",
  guarded: "guarded",
  degraded: "degraded",
  stopping: "stopping",
};

/** @returns `other` for a record of a kind that this version does not know. */
export function kindOf({
  from = "",
  to = "",
  reason,
}: Pick<AuditRecord, "from" | "to" | "reason">): KindName {
  const wasDrained = from === "draining" || from === "drained";
  // The pin stood all the time: what was ordered, by whoever it names, is the drain's end.
  if (wasDrained && to === "pinned") return "undrain";
  const known = BY_REASON[reason] ?? BY_STATE[to];
  if (known !== undefined) return known;
  if (wasDrained) return "undrain";
  if (from === "pinned") return "unpin";
  if (to === "up") return "announced";
  return to === "starting" || to === "rising" ? "judging" : "other";
}
