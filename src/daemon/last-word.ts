/** What the dead-man's switch of an earlier life has done, as far as this one must know. */
import { readFileSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { isCommandLine } from "exabgp-ts-bridge";
import { parsePrefix } from "../config/prefix.ts";
import { addMoves, type Flaps } from "../core/damping.ts";
import type { OwnedRoute } from "../core/routes.ts";
import type { AuditOrigin, AuditSink } from "./audit.ts";
import type { Clock } from "./clock.ts";
import type { DeadManService, DeadManWord } from "./dead-man-message.ts";
import type { Draft } from "./open-decisions.ts";
import type { Problems } from "./problems.ts";
import type { Records } from "./records.ts";
import { isObject, parseObject } from "./untrusted.ts";

/** Ten thousand prefixes, each with a line of its own. */
const FILE_MAX_BYTES = 8 * 1024 * 1024;

export class LastWord {
  /** Beside the socket: in /run, which is there while a disk hangs. */
  readonly path: string;
  readonly boot: string;
  readonly #word: DeadManWord | undefined;

  /** @param boot The kernel's id of this boot: after another, nothing of it matters. */
  constructor(socketPath: string, boot: string) {
    this.path = join(dirname(socketPath), "dead-man.json");
    this.boot = boot;
    this.#word = read(this.path, boot);
  }

  /** One sentence for people; undefined when there is no word. */
  get detail(): string | undefined {
    if (this.#word === undefined) return undefined;
    const { at, silentMs, services } = this.#word;
    const names = services.map(({ service }) => service);
    const some = names.length > 5 ? `${names.slice(0, 5).join(", ")} …` : names.join(", ");
    const lost = names.length === 0 ? "withdrew nothing" : `withdrew ${some}`;
    return `The event loop stood still for ${seconds(silentMs)} at ${at}: the dead-man's switch ${lost} and ended the agent`;
  }

  /** What was withdrawn is withdrawn once more: nobody has heard ExaBGP's answer. */
  mark(owned: ReadonlyMap<string, OwnedRoute>): Map<string, OwnedRoute> {
    const withdrawn = new Set(this.#prefixes());
    return new Map(
      [...owned].map(([prefix, one]) => [
        prefix,
        withdrawn.has(prefix) ? { ...one, isWithdrawn: true } : one,
      ]),
    );
  }

  /** A withdrawal is one for those upstream that count them, whoever made it. */
  count(history: Flaps, nowMs: number): Flaps {
    if (this.#word === undefined) return history;
    const agoMs = Math.max(0, monotonicMs() - this.#word.monotonicMs);
    const moves = { withdrawn: [...new Set(this.#prefixes())], announced: [] };
    return addMoves(history, moves, nowMs - agoMs);
  }

  /** One record for each service; one without any when nothing was to be withdrawn. */
  drafts(origin: AuditOrigin): Draft[] {
    if (this.#word === undefined) return [];
    const { at, silentMs, ack, services } = this.#word;
    const head = { v: 1, ...origin, at, reason: "dead-man", actor: "agent" } as const;
    const stood = `the event loop stood still for ${seconds(silentMs)}`;
    if (services.length === 0) return [{ ...head, evidence: stood, prefixes: [], commands: [] }];
    return services.map(({ service, prefixes, commands, missed }) => ({
      ...head,
      service,
      evidence: missed === 0 ? stood : `${stood}; ExaBGP did not read ${missed} withdrawals`,
      prefixes,
      commands,
      ...(commands.length > 0 && { ack }),
    }));
  }

  /** When the records are on disk. */
  forget(): void {
    try {
      rmSync(this.path, { force: true });
    } catch {
      // The records are there once more after the next start.
    }
  }

  #prefixes(): string[] {
    return this.#word?.services.flatMap(({ prefixes }) => prefixes) ?? [];
  }
}

/** It stands in the status for so long. */
const STANDS_MS = 3_600_000;

export interface Hearing {
  readonly records: Pick<Records, "flush">;
  readonly origin: AuditOrigin;
  readonly take: AuditSink;
  readonly clock: Clock;
  readonly problems: Pick<Problems, "report" | "clear" | "list">;
}

/** Makes the records of what an earlier life's dead-man's switch did, and tells of it for a while. */
export function hearLastWord(
  word: LastWord,
  { records, origin, take, clock, problems }: Hearing,
): void {
  const { detail } = word;
  if (detail === undefined) return;
  problems.report("dead-man", detail);
  clock.after(STANDS_MS, () => {
    // Not another: that nobody watches the loop any more.
    if (problems.list().some((standing) => standing.detail === detail)) problems.clear("dead-man");
  });
  for (const draft of word.drafts(origin)) take(draft, { writeMs: undefined });
  void records.flush().then(() => word.forget());
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** CLOCK_MONOTONIC, which goes on from process to process. */
function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}

function read(path: string, boot: string): DeadManWord | undefined {
  try {
    const stats = statSync(path);
    if (!stats.isFile() || stats.size > FILE_MAX_BYTES) return undefined;
    const word = parseObject(readFileSync(path, "utf8"));
    const { at, monotonicMs: sinceMs, silentMs, services } = word;
    if (word["boot"] !== boot || typeof at !== "string" || Number.isNaN(Date.parse(at))) {
      return undefined;
    }
    if (!Array.isArray(services)) return undefined;
    return {
      boot,
      at: new Date(at).toISOString(),
      monotonicMs: numberOf(sinceMs),
      silentMs: numberOf(silentMs),
      ack: word["ack"] === "done" ? "done" : "timeout",
      services: services.flatMap(serviceOf),
    };
  } catch {
    // There is none, nearly always.
    return undefined;
  }
}

function serviceOf(value: unknown): DeadManService[] {
  if (!isObject(value) || typeof value["service"] !== "string") return [];
  return [
    {
      service: value["service"],
      prefixes: strings(value["prefixes"]).flatMap((one) => parsePrefix(one)?.text ?? []),
      commands: strings(value["commands"]).filter(isCommandLine),
      missed: numberOf(value["missed"]),
    },
  ];
}

function strings(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  return value.filter((one): one is string => typeof one === "string");
}

function numberOf(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}
