/** Everything between the agent and its ExaBGP: the bridge, what it tells of sessions and UPDATEs, and what it is asked. */
import { randomUUID } from "node:crypto";
import { Bridge } from "exabgp-ts-bridge";
import type { Settings } from "../config/load.ts";
import type { Occurrence } from "./audit.ts";
import { Echo } from "./echo.ts";
import type { Events } from "./events.ts";
import type { Log } from "./log.ts";
import type { Problems } from "./problems.ts";
import { INTERVAL_DEFAULT_MS, Reconciler } from "./reconciler.ts";
import { sessionRecord, SessionLog } from "./session-log.ts";
import type { Surroundings } from "./surroundings.ts";

export interface ExabgpLinkOptions {
  readonly surroundings: Pick<Surroundings, "clock" | "input" | "output">;
  readonly log: Log;
  readonly problems: Problems;
  readonly events: Pick<Events, "session">;
  /** undefined: there is no usable configuration. */
  readonly settings: Settings["exabgp"] | undefined;
  readonly isOurs: (prefix: string) => boolean;
  readonly occurred: (record: Occurrence) => void;
  /** What a session that is lost now may have been lost by, if anything is known of that. */
  readonly suspicion: () => string | undefined;
  /** ExaBGP is gone, or cannot be written to. */
  readonly over: (why: string) => void;
}

export class ExabgpLink {
  readonly bridge: Bridge;
  readonly echo: Echo;
  readonly reconciler: Reconciler;

  constructor(options: ExabgpLinkOptions) {
    const { surroundings, log, problems, settings } = options;
    const { clock } = surroundings;
    this.echo = new Echo(clock, options.isOurs);
    this.bridge = this.#createBridge(options);
    const intervalMs = settings?.reconcileIntervalMs ?? INTERVAL_DEFAULT_MS;
    const { bridge, echo } = this;
    this.reconciler = new Reconciler({ clock, log, problems, bridge, echo, intervalMs });
  }

  /** The first bytes for ExaBGP, and the first questions. */
  start(): void {
    this.bridge.start();
    this.reconciler.ask();
  }

  #createBridge(link: ExabgpLinkOptions): Bridge {
    const { surroundings, log, events, settings, occurred, suspicion, over } = link;
    const output = surroundings.output((error) => over(`stdout failed: ${error.message}`));
    const sessions = new SessionLog(log, (event, before) => {
      events.session(event);
      const record = sessionRecord(event, before, suspicion());
      if (record !== undefined) occurred(record);
    });
    const options = {
      input: surroundings.input,
      output,
      timers: surroundings.clock,
      nonce: randomUUID(),
      dialect: settings?.dialect ?? ("auto" as const),
      ...(settings && { ackTimeoutMs: settings.ackTimeoutMs }),
    };
    return new Bridge(options, {
      ready: (identity) => {
        log.info({ ...identity }, "exabgp answers");
        this.reconciler.ready();
      },
      session: (event) => {
        sessions.heard(event);
        this.echo.session(event);
        this.reconciler.soon();
      },
      update: (update) => {
        this.echo.update(update);
        log.debug({ ...update }, "update sent");
      },
      inputEnd: () => over("stdin ended: ExaBGP is gone"),
      problem: ({ word, detail }) => {
        log.warn({ word, detail }, "exabgp problem");
        this.reconciler.problem(word);
      },
    });
  }
}
