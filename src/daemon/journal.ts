/**
 * Audit records into the systemd journal, with fields of their own: `journalctl ANYCTL_SERVICE=dns`.
 *
 * Node.js has no Unix datagram sockets, so each record is written by `logger --journald` (util-linux). One at a
 * time, from a bounded queue, and nothing waits for it.
 */
import { existsSync } from "node:fs";
import type { AuditRecord } from "../control/audit-record.ts";
import { entryOf } from "../control/journal-entry.ts";
import type { AuditTiming } from "./audit.ts";
import type { Clock } from "./clock.ts";
import { ProgramShell } from "./program-shell.ts";
import { recordCount } from "./record-count.ts";

/** Not by PATH: the agent has whatever ExaBGP was started with. Debian's, Fedora's and Arch's place. */
const LOGGER = "/usr/bin/logger";

/** The entry goes to its standard input. See `ProgramShell`. */
const SCRIPT = `while IFS= read -r line; do
entry=$line
while IFS= read -r line && [ -n "$line" ]; do entry="$entry
$line"; done
printf '%s\\n' "$entry" | "$0" --journald 2>&1 >/dev/null
echo "= $?"
done`;

/** Where it is missing, `logger` says that all is well (sd_journal_sendv(3) ignores ENOENT). */
const SOCKET = "/run/systemd/journal/socket";

/** A journald that is restarted is back within seconds; the records wait. */
const QUEUE_MAX = 1000;

/** It takes 4 ms; one that hangs must not hang for good. */
const LOGGER_MAX_MS = 2000;

/** Until the journal is tried again. */
const RETRY_MS = 5000;

export interface JournalOptions {
  readonly stateDir: string;
  readonly clock: Clock;
  /** Why records are not in the journal, and how many; undefined when all are. */
  readonly problem: (detail: string | undefined) => void;
  /** So many records will never be in the journal: told when it takes others again. */
  readonly lost: (count: number) => void;
  /** The journal has not taken this record at the first attempt; told once. */
  readonly missed: (record: AuditRecord, timing: AuditTiming) => void;
  /** Of journald; default: `/run/systemd/journal/socket`. */
  readonly socketPath?: string;
  /** The program; default: `/usr/bin/logger`. */
  readonly logger?: string;
  /** Default: 2 s. */
  readonly loggerMaxMs?: number;
  /** Default: 1000 records. */
  readonly queueMax?: number;
}

interface Waiting {
  readonly record: AuditRecord;
  readonly timing: AuditTiming;
  isTold: boolean;
}

export class Journal {
  readonly #options: JournalOptions;
  readonly #logger: ProgramShell;
  readonly #queue: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #isBroken = false;
  #why = "";
  #lost = 0;

  constructor(options: JournalOptions) {
    this.#options = options;
    const { clock, logger = LOGGER, loggerMaxMs = LOGGER_MAX_MS } = options;
    this.#logger = new ProgramShell({
      clock,
      script: SCRIPT,
      program: logger,
      maxMs: loggerMaxMs,
    });
  }

  append(record: AuditRecord, timing: AuditTiming): void {
    const waiting = { record, timing, isTold: false };
    if (this.#queue.length < (this.#options.queueMax ?? QUEUE_MAX)) this.#queue.push(waiting);
    else {
      this.#lost += 1;
      this.#tell(waiting);
    }
    if (this.#isBroken) this.#broken(undefined);
    else this.#writing ??= this.#write();
  }

  /** Before exit; resolves when the journal has taken everything, or has refused. */
  async flush(): Promise<void> {
    await this.#writing;
    this.#logger.end();
  }

  async #write(): Promise<void> {
    // What ExaBGP has said in the same breath is dealt with before the first process is started.
    await new Promise((resolve) => setImmediate(resolve));
    const { problem, lost, stateDir } = this.#options;
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      const entry = entryOf(next.record, stateDir);
      const complaint =
        this.#socketMissing() ?? (await this.#logger.write(entry)) ?? this.#socketMissing();
      if (complaint !== undefined) {
        this.#writing = undefined;
        this.#isBroken = true;
        this.#options.clock.after(RETRY_MS, () => {
          this.#isBroken = false;
          this.#writing ??= this.#write();
        });
        return this.#broken(complaint);
      }
      this.#queue.shift();
    }
    if (this.#lost > 0) lost(this.#lost);
    this.#lost = 0;
    this.#writing = undefined;
    problem(undefined);
  }

  #broken(complaint: string | undefined): void {
    this.#why = complaint ?? this.#why;
    for (const waiting of this.#queue) this.#tell(waiting);
    const count = this.#queue.length + this.#lost;
    this.#options.problem(`${recordCount(count)} not in the journal: ${this.#why}`);
  }

  #tell(waiting: Waiting): void {
    if (waiting.isTold) return;
    waiting.isTold = true;
    this.#options.missed(waiting.record, waiting.timing);
  }

  #socketMissing(): string | undefined {
    const { socketPath = SOCKET } = this.#options;
    return existsSync(socketPath) ? undefined : `there is no ${socketPath}`;
  }
}
