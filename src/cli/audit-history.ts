/** Records from the journal and from state-dir together: each may lack some, through a full disk or a stopped journald. */
import type { AuditRecord } from "../control/audit-record.ts";

export interface History {
  /** Oldest first. */
  readonly records: readonly AuditRecord[];
  /** Which source is enough; `both`: each has what the other lacks. */
  readonly source: "journal" | "file" | "both";
  /** How many are in neither. */
  readonly missing: number;
}

/** Names a record; `seq` alone may be twice where the state-dir was lost. */
export function recordKey({ boot, seq, at }: AuditRecord): string {
  return `${boot} ${seq} ${at}`;
}

/** @param sinceMs Milliseconds since 1970; what is older is left out. */
export function mergeHistory(
  journal: readonly AuditRecord[],
  file: readonly AuditRecord[],
  sinceMs = -Infinity,
): History {
  // The file's copy is whole; an entry of the journal may be cut.
  const all = new Map([...journal, ...file].map((record) => [recordKey(record), record]));
  const ordered = inOrder([...all.values()]);
  const isAsked = (record: AuditRecord) => Date.parse(record.at) >= sinceMs;
  const records = ordered.filter(isAsked);
  const lacks = (some: readonly AuditRecord[]) => {
    const keys = new Set(some.map(recordKey));
    return records.some((record) => !keys.has(recordKey(record)));
  };
  const sufficient = lacks(journal) ? (lacks(file) ? "both" : "file") : "journal";
  return { records, source: sufficient, missing: countMissing(ordered, isAsked) };
}

/** By number within a boot, because the wall clock may jump; boots by their last record: clocks are set after boots. */
function inOrder(records: readonly AuditRecord[]): AuditRecord[] {
  const boots = new Map<string, AuditRecord[]>();
  for (const record of records) {
    const some = boots.get(record.boot);
    if (some === undefined) boots.set(record.boot, [record]);
    else some.push(record);
  }
  const atMs = ({ at }: AuditRecord) => Date.parse(at);
  const sorted = [...boots.values()].map((some) =>
    some.toSorted((left, right) => left.seq - right.seq || atMs(left) - atMs(right)),
  );
  const endMs = (some: readonly AuditRecord[]) => some.slice(-1).map(atMs)[0] ?? 0;
  return sorted.toSorted((left, right) => endMs(left) - endMs(right)).flat();
}

/** Numbers that are left out before a record that was asked for. The oldest of a boot may have been rotated away. */
function countMissing(
  ordered: readonly AuditRecord[],
  isAsked: (record: AuditRecord) => boolean,
): number {
  let missing = 0;
  for (const [at, record] of ordered.entries()) {
    const before = ordered[at - 1];
    if (before?.boot === record.boot && isAsked(record)) {
      missing += Math.max(0, record.seq - before.seq - 1);
    }
  }
  return missing;
}
