/** Decisions whose commands ExaBGP has not answered yet, on disk: the death of the agent loses no record. */
import { readFileSync, statSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isRecord, type AuditRecord } from "../control/audit-record.ts";
import { parseObject } from "./untrusted.ts";

export type Draft = Omit<AuditRecord, "seq">;

/** A PoP has a handful at once; a fleet of services that moves together is in the log all the same. */
const DRAFTS_MAX = 1000;

/** What so many take, with a few prefixes each. A larger file is not ours. */
const FILE_MAX_BYTES = 8 * 1024 * 1024;

export class OpenDecisions {
  readonly #path: string;
  readonly #recorded: () => Promise<void>;
  #wanted: (() => readonly Draft[]) | undefined;
  #writing: Promise<void> | undefined;
  #isThere: boolean;
  #kept = 0;

  /** @param recorded Resolves when the records of ended decisions are on disk, or the disk has refused them. */
  constructor(stateDir: string, recorded: () => Promise<void>) {
    this.#recorded = recorded;
    this.#path = join(stateDir, "open-decisions.json");
    this.#isThere = statSync(this.#path, { throwIfNoEntry: false }) !== undefined;
  }

  /** What an earlier life of the agent left open, under the same kernel. Nothing that cannot be read. */
  left(boot: string): Draft[] {
    try {
      const stats = statSync(this.#path);
      if (!stats.isFile() || stats.size > FILE_MAX_BYTES) return [];
      const { drafts } = parseObject(readFileSync(this.#path, "utf8"));
      if (!Array.isArray(drafts)) return [];
      return drafts.slice(0, DRAFTS_MAX).flatMap((draft: unknown): Draft[] => {
        if (typeof draft !== "object" || draft === null) return [];
        const numbered: unknown = { ...draft, seq: 0 };
        if (!isRecord(numbered) || numbered.boot !== boot) return [];
        const { seq: _none, ...rest } = numbered;
        return [rest];
      });
    } catch {
      return [];
    }
  }

  /**
   * Writes what `drafts` gives when it is its turn, behind the lines for ExaBGP. Nothing is synced: it must outlive the
   * agent, not the host. A disk that refuses it is told of by `audit.jsonl`, which lies beside it.
   */
  keep(drafts: () => readonly Draft[]): void {
    this.#wanted = drafts;
    this.#writing ??= this.#write();
  }

  /** Resolves when the file says what was last wanted, or cannot. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    // The bridge writes in the next microtask.
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
    while (this.#wanted !== undefined) {
      const drafts = this.#wanted().slice(0, DRAFTS_MAX);
      this.#wanted = undefined;
      if (drafts.length < this.#kept) await this.#recorded();
      this.#kept = drafts.length;
      await this.#replace(drafts).catch(() => {});
    }
    this.#writing = undefined;
  }

  async #replace(drafts: readonly Draft[]): Promise<void> {
    if (drafts.length === 0) {
      if (this.#isThere) await rm(this.#path, { force: true });
      this.#isThere = false;
      return;
    }
    this.#isThere = true;
    const temporary = `${this.#path}.new`;
    await writeFile(temporary, `${JSON.stringify({ drafts })}\n`, { mode: 0o640 });
    await rename(temporary, this.#path);
  }
}
