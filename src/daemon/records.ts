/** Where audit records go: to disk, and into the journal or the log. */
import type { AuditRecord } from "../control/audit-record.ts";
import { AuditFile } from "./audit-file.ts";
import type { AuditTiming } from "./audit.ts";
import type { Clock } from "./clock.ts";
import { Journal } from "./journal.ts";
import { OpenDecisions, type Draft } from "./open-decisions.ts";
import type { Log } from "./log.ts";
import type { ProblemKind, Problems } from "./problems.ts";
import { logRecord } from "./record-log.ts";

export interface RecordsOptions {
  readonly stateDir: string;
  /** The kernel's id of this boot. */
  readonly boot: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly problems: Problems;
  readonly hasJournal: boolean;
}

export class Records {
  readonly #log: Log;
  readonly #file: AuditFile;
  readonly #journal: Journal | undefined;
  readonly #open: OpenDecisions;

  constructor({ log, problems, hasJournal, ...options }: RecordsOptions) {
    this.#log = log;
    // Not forgotten before its record is on disk.
    this.#open = new OpenDecisions(options.stateDir, () => this.#file.flush());
    const told = (word: ProblemKind) => ({
      problem: (detail: string | undefined) => problems.count(word, detail),
      lost: (count: number) => log.error({ word, count }, "records lost"),
    });
    this.#file = new AuditFile({ ...options, ...told("audit-file") });
    if (!hasJournal) return;
    const missed = (record: AuditRecord, timing: AuditTiming) => logRecord(log, record, timing);
    this.#journal = new Journal({ ...options, ...told("journal"), missed });
  }

  /** How many records will never be on disk. */
  get lost(): number {
    return this.#file.lost;
  }

  /** Decisions that wait for answers, for `left` of the next life. */
  readonly keepOpen = (drafts: () => readonly Draft[]): void => this.#open.keep(drafts);

  /** Decisions that the last life of the agent left without a record. */
  left(boot: string): Draft[] {
    // One may have died between the record and the forgetting.
    return this.#open.left(boot).filter((draft) => !this.#file.has(draft));
  }

  /** @returns The record with its number. */
  take(draft: Draft, timing: AuditTiming): AuditRecord {
    const record = this.#file.append(draft);
    if (this.#journal === undefined) logRecord(this.#log, record, timing);
    else this.#journal.append(record, timing);
    return record;
  }

  /** Resolves when both have taken everything, or have refused. */
  async flush(): Promise<void> {
    await Promise.all([this.#file.flush(), this.#journal?.flush(), this.#open.flush()]);
  }
}
