/** The end of audit.jsonl, without reading all of it: a start must not wait for megabytes. */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { parseRecord, type AuditRecord } from "../control/audit-record.ts";

/** Some hundred records. One with thousands of prefixes is longer: then more is read. */
const TAIL_BYTES = 64 * 1024;

/** Where there is none in so much, the file is not ours: it is rotated at 8 MiB. */
const TAIL_MAX_BYTES = 16 * 1024 * 1024;

/** The last whole record; undefined if there is none, or the file cannot be read. */
export function lastRecord(path: string): AuditRecord | undefined {
  return onFile(path, (fd, size) => {
    for (let bytes = TAIL_BYTES; ; bytes *= 8) {
      const text = readEnd(fd, size, bytes);
      // Where it begins in the middle of a line, the first one is not whole.
      const lines = text.split("\n").slice(bytes < size ? 1 : 0);
      for (const line of lines.toReversed()) {
        const record = parseRecord(line);
        if (record !== undefined) return record;
      }
      if (bytes >= size || bytes >= TAIL_MAX_BYTES) return undefined;
    }
  });
}

/** The whole records at the end of the file: some hundreds, or the last one if that is longer than these. */
export function recentRecords(path: string): AuditRecord[] {
  const text = onFile(path, (fd, size) => readEnd(fd, size, TAIL_BYTES)) ?? "";
  const recent = text.split("\n").flatMap((line) => parseRecord(line) ?? []);
  return recent.length > 0 ? recent : [lastRecord(path) ?? []].flat();
}

/** Whether the file ends in the middle of a line. */
export function endsWithin(path: string): boolean {
  const end = onFile(path, (fd, size) => readEnd(fd, size, 1)) ?? "";
  return end !== "" && end !== "\n";
}

function readEnd(fd: number, size: number, wanted: number): string {
  const bytes = Buffer.alloc(Math.min(size, wanted));
  const read = readSync(fd, bytes, 0, bytes.length, size - bytes.length);
  return bytes.toString("utf8", 0, read);
}

function onFile<T>(path: string, look: (fd: number, size: number) => T): T | undefined {
  let fd: number | undefined;
  try {
    // Opening a FIFO would wait for its writer.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(fd);
    return stat.isFile() ? look(fd, stat.size) : undefined;
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
