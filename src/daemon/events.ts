/** What happens in the agent, as events for whoever listens on `GET /v1/events`. */
import type { SessionEvent } from "exabgp-ts-bridge";
import type { EventFeed } from "../control/event-feed.ts";
import type { ConfigStatus, ProblemStatus } from "../control/protocol.ts";
import type { HeardWord, VerdictChange } from "../core/inputs.ts";
import type { AuditRecord } from "../control/audit-record.ts";
import type { Clock } from "./clock.ts";

export class Events {
  readonly #clock: Pick<Clock, "wallMs">;
  readonly #feed: Pick<EventFeed, "publish">;
  #config = "";

  constructor(clock: Pick<Clock, "wallMs">, feed: Pick<EventFeed, "publish">) {
    this.#clock = clock;
    this.#feed = feed;
  }

  transition(record: AuditRecord): void {
    this.#feed.publish("transition", record, record.seq);
  }

  verdict({ check, from, to, result }: VerdictChange): void {
    this.#feed.publish("verdict", { at: this.#now(), check, from, to, ...result });
  }

  /** Something was heard about the target of a check. */
  heard(check: string, word: HeardWord, detail: string): void {
    this.#feed.publish("heard", { at: this.#now(), check, word, detail });
  }

  session({ neighbor, state, reason }: SessionEvent): void {
    this.#feed.publish("session", { at: this.#now(), neighbor, state, reason });
  }

  /** @param over Whether it has ended. */
  problem({ word, detail }: ProblemStatus, over: boolean): void {
    this.#feed.publish("problem", { at: this.#now(), word, detail, over });
  }

  /** What is in force now; told only when that is news. */
  config(status: ConfigStatus): void {
    const text = JSON.stringify(status);
    if (text === this.#config) return;
    this.#config = text;
    this.#feed.publish("config", { at: this.#now(), ...status });
  }

  #now(): string {
    return new Date(this.#clock.wallMs()).toISOString();
  }
}
