/** An audit record as an entry of the journal, and back. */
import { isRecord, type AuditRecord } from "./audit-record.ts";
import { KINDS, kindOf } from "./record-kinds.ts";
import { sentenceOf } from "./record-sentence.ts";
import { escapeUnits, UNSAFE } from "./unsafe-text.ts";

/** Of all that the agent writes. */
export const SYSLOG_IDENTIFIER = "anyctl";

/** Which history a record belongs to: several agents may write into the journal of one host. */
const STATE_DIR_FIELD = "ANYCTL_STATE_DIR";

/** Says what of the record is in audit.jsonl only: `9600 of prefixes, 17 of commands`. */
const CUT_FIELD = "ANYCTL_CUT";

/** Of each list. `logger` takes 1024 lines (IOV_MAX); a PoP with more prefixes has audit.jsonl for them. */
const LISTED_MAX = 400;

/**
 * Of the values of each list together: the shell before `logger` reads a pipe byte by byte, 3 us each, and gives up
 * after 2 s. Ten thousand prefixes are 834 commands of 300 characters.
 */
const LIST_MAX_CHARS = 16_384;

/** Of one field. */
const FIELD_MAX_CHARS = 32_768;

/** Lists become repeated fields. */
const LIST_FIELDS: Readonly<Record<string, string>> = {
  prefixes: "ANYCTL_PREFIX",
  commands: "ANYCTL_COMMAND",
};

const NUMBERS: ReadonlySet<string> = new Set(["v", "seq", "ackMs", "detectMs"]);

/**
 * The lines for `logger --journald`: `KEY=VALUE`, each ended by a newline. A value cannot hold a newline there, an
 * empty line would end the entry, and white space at the end is dropped: all of it is escaped.
 */
export function entryOf(record: AuditRecord, stateDir: string): string {
  const { messageId, priority } = KINDS[kindOf(record)];
  const cuts = new Set<string>();
  const shorten = (key: string, text: string) => {
    if (text.length > FIELD_MAX_CHARS) cuts.add(`text of ${key}`);
    return text.slice(0, FIELD_MAX_CHARS);
  };
  const fields: [string, string][] = [
    ["MESSAGE_ID", messageId],
    ["PRIORITY", String(priority)],
    ["MESSAGE", sentenceOf(record)],
    ["SYSLOG_IDENTIFIER", SYSLOG_IDENTIFIER],
    [STATE_DIR_FIELD, stateDir],
  ];
  for (const [key, value] of Object.entries(record)) {
    if (Array.isArray(value)) {
      const listed = firstOf(value);
      if (listed.length < value.length) cuts.add(`${value.length - listed.length} of ${key}`);
      const name = LIST_FIELDS[key] ?? fieldOf(key);
      fields.push(...listed.map((item): [string, string] => [name, shorten(key, item)]));
    } else if (value !== undefined) fields.push([fieldOf(key), shorten(key, String(value))]);
  }
  if (cuts.size > 0) fields.push([CUT_FIELD, [...cuts].join(", ")]);
  return fields.map(([name, value]) => `${name}=${escapeValue(value)}\n`).join("");
}

/**
 * @param entry A line of `journalctl -o json`, parsed.
 * @returns undefined if it is no whole record.
 */
export function recordOf(entry: object): AuditRecord | undefined {
  const fields = new Map<string, unknown>(Object.entries(entry));
  if (fields.has(CUT_FIELD)) return undefined;
  const record: Record<string, unknown> = {};
  for (const [name, value] of fields) {
    if (!name.startsWith("ANYCTL_") || name === STATE_DIR_FIELD) continue;
    const key = keyOf(name);
    const text = textOf(value);
    record[key] = NUMBERS.has(key) ? Number(text) : text;
  }
  for (const [key, name] of Object.entries(LIST_FIELDS)) {
    const value = fields.get(name);
    delete record[keyOf(name)];
    record[key] = listOf(value).map(textOf);
  }
  return isRecord(record) ? record : undefined;
}

/** As many as an entry may have; one at least. */
function firstOf(list: readonly unknown[]): string[] {
  const first: string[] = [];
  let chars = 0;
  for (const item of list.slice(0, LISTED_MAX).map(String)) {
    chars += item.length;
    if (first.length > 0 && chars > LIST_MAX_CHARS) break;
    first.push(item);
  }
  return first;
}

/** What finds the entries of one history. */
export function stateDirMatch(stateDir: string): string {
  return `${STATE_DIR_FIELD}=${escapeValue(stateDir)}`;
}

/** `ackMs` becomes `ANYCTL_ACK_MS`. */
function fieldOf(key: string): string {
  return `ANYCTL_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

function keyOf(name: string): string {
  const words = name.slice("ANYCTL_".length).toLowerCase();
  return words.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function escapeValue(text: string): string {
  return text
    .replaceAll("\\", "\\\\")
    .replace(UNSAFE, (character) => SHORT[character] ?? escapeUnits(character))
    .replace(/\s$/, escapeUnits);
}

function unescapeValue(text: string): string {
  return text.replace(/\\(?:([\\nrt])|u([0-9a-f]{4}))/g, (_, short?: string, unit?: string) =>
    unit === undefined
      ? ({ n: "\n", r: "\r", t: "\t" }[short ?? ""] ?? "\\")
      : String.fromCharCode(Number.parseInt(unit, 16)),
  );
}

/** Repeated fields are a list of values; a value that is no plain text is a list of its bytes. */
function listOf(value: unknown): unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) && !isBytes(value) ? value : [value];
}

function textOf(value: unknown): string {
  const one: unknown = listOf(value)[0];
  if (isBytes(one)) return unescapeValue(Buffer.from(one).toString("utf8"));
  return unescapeValue(typeof one === "string" ? one : "");
}

function isBytes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((byte) => typeof byte === "number");
}
