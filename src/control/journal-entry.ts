/** An audit record as an entry of the journal, and back. */
import { isRecord, type AuditRecord } from "./audit-record.ts";
import { KINDS, kindOf } from "./record-kinds.ts";
import { sentenceOf } from "./record-sentence.ts";
import { escapeUnits, UNSAFE } from "./unsafe-text.ts";

/** Of all that the agent writes. */
export const SYSLOG_IDENTIFIER = "anyctl";

/** Which history a record belongs to: several agents may write into the journal of one host. */
const STATE_DIR_FIELD = "ANYCTL_STATE_DIR";

/** Says that something of the record is in audit.jsonl only. */
const CUT_FIELD = "ANYCTL_CUT";

/** Of each list. `logger` takes 1024 lines (IOV_MAX); a PoP with more prefixes has audit.jsonl for them. */
const LISTED_MAX = 400;

/** Of one field; a line of ExaBGP for a thousand prefixes has more. */
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
  let isCut = false;
  const shorten = (text: string) => {
    if (text.length > FIELD_MAX_CHARS) isCut = true;
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
      if (value.length > LISTED_MAX) isCut = true;
      const name = LIST_FIELDS[key] ?? fieldOf(key);
      fields.push(
        ...value
          .slice(0, LISTED_MAX)
          .map((item: unknown): [string, string] => [name, shorten(String(item))]),
      );
    } else if (value !== undefined) fields.push([fieldOf(key), shorten(String(value))]);
  }
  if (isCut) fields.push([CUT_FIELD, "1"]);
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
