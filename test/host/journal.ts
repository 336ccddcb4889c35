/** Entries of a machine's journal. */
import { z } from "zod";

/** A field that is there more than once is a list; bytes that are no text are left out. */
export type JournalEntry = Readonly<Record<string, string | readonly string[]>>;

const Line = z.record(z.string(), z.unknown());

/** The output of `journalctl --output=json`. */
export function parseJournal(text: string): JournalEntry[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const entry: Record<string, string | readonly string[]> = {};
      for (const [key, value] of Object.entries(Line.parse(JSON.parse(line)))) {
        if (typeof value === "string") entry[key] = value;
        else if (isTexts(value)) entry[key] = value;
      }
      return entry;
    });
}

/** Milliseconds since 1970, of when journald took it. */
export function journalMs(entry: JournalEntry): number {
  return Number(entry["__REALTIME_TIMESTAMP"]) / 1000;
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((it) => typeof it === "string");
}
