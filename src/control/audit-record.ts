/** The audit record: what the agent writes down about each decision, and `anyctl audit` reads. */
import { safeJsonLine } from "./unsafe-text.ts";

/** A flat JSON object; a field that does not apply is absent. */
export interface AuditRecord {
  readonly v: 1;
  /** Without gaps within a boot. */
  readonly seq: number;
  /** When it was decided: RFC 3339 with milliseconds. */
  readonly at: string;
  readonly pop: string;
  readonly service?: string;
  readonly from?: string;
  readonly to?: string;
  readonly reason: string;
  readonly actor: string;
  /** The operator's reason. */
  readonly note?: string;
  /** When the order that brought it about ends by itself, or the hold that it begins, RFC 3339. */
  readonly until?: string;
  readonly check?: string;
  /** Address of the neighbor whose session it is about. */
  readonly neighbor?: string;
  /** The probe's reason word and detail; of a session what ExaBGP says, which the peer may control. */
  readonly evidence?: string;
  readonly prefixes: readonly string[];
  /** The exact lines, in the order in which ExaBGP answered them. */
  readonly commands: readonly string[];
  /** The worst answer. */
  readonly ack?: "done" | "error" | "timeout";
  /** From a command's write to its answer; the longest. */
  readonly ackMs?: number;
  /** From the first contrary result to the decision. */
  readonly detectMs?: number;
  /** Of a reload: short hashes of the configuration before, and of what the file says. */
  readonly configFrom?: string;
  readonly configTo?: string;
  readonly boot: string;
  /** The agent's version. */
  readonly agent: string;
}

/** The order in which they are written. */
const KEYS =
  "v seq at pop service from to reason actor note until check neighbor evidence prefixes commands ack ackMs detectMs configFrom configTo boot agent".split(
    " ",
  );

const STRINGS = ["at", "pop", "reason", "actor", "boot", "agent"];
const OPTIONAL_STRINGS = [
  "service",
  "from",
  "to",
  "note",
  "until",
  "check",
  "neighbor",
  "evidence",
  "configFrom",
  "configTo",
];
const OPTIONAL_NUMBERS = ["ackMs", "detectMs"];
const LISTS = ["prefixes", "commands"];

/** One line of JSON without its newline; safe to look at on a terminal. */
export function recordLine(record: AuditRecord): string {
  const fields = Object.entries(record);
  const place = (key: string) => (KEYS.includes(key) ? KEYS.indexOf(key) : KEYS.length);
  const ordered = fields.toSorted(([left], [right]) => place(left) - place(right));
  return safeJsonLine(JSON.stringify(Object.fromEntries(ordered)));
}

/** @returns undefined if `text` is no record: a torn or foreign line. Unknown fields stay. */
export function parseRecord(text: string): AuditRecord | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether every known field has its type. */
export function isRecord(value: unknown): value is AuditRecord {
  if (typeof value !== "object" || value === null) return false;
  const fields = new Map<string, unknown>(Object.entries(value));
  return (
    fields.get("v") === 1 &&
    Number.isSafeInteger(fields.get("seq")) &&
    STRINGS.every((key) => typeof fields.get(key) === "string") &&
    !Number.isNaN(Date.parse(String(fields.get("at")))) &&
    OPTIONAL_STRINGS.every((key) => ["string", "undefined"].includes(typeof fields.get(key))) &&
    OPTIONAL_NUMBERS.every((key) => ["number", "undefined"].includes(typeof fields.get(key))) &&
    [undefined, "done", "error", "timeout"].some((ack) => ack === fields.get("ack")) &&
    LISTS.every((key) => isStringList(fields.get(key)))
  );
}

function isStringList(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
