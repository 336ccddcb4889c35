/** The agent: what is wired to what. Each part's own file says what it does. */
import { hostname } from "node:os";
import { readLenient } from "../config/load.ts";
import type { Subject } from "../control/explanation.ts";
import { EventFeed } from "../control/event-feed.ts";
import { startAgent } from "../core/configure.ts";
import type { OwnedRoute } from "../core/routes.ts";
import { AuditDesk, type AuditSink } from "./audit.ts";
import { Canary } from "./canary.ts";
import { type Clock, createMoments } from "./clock.ts";
import { createWatchdog } from "./create-watchdog.ts";
import { configStatus, type Effective, startConfiguration } from "./configuration.ts";
import { Control } from "./control.ts";
import type { DeadMan } from "./dead-man.ts";
import { Events } from "./events.ts";
import { ExabgpLink } from "./exabgp-link.ts";
import { createExit } from "./exit.ts";
import { explain } from "./explain.ts";
import { startHeartbeat } from "./heartbeat.ts";
import { HoldsFile } from "./holds-file.ts";
import { HttpListener } from "./http-listener.ts";
import { hearLastWord, LastWord } from "./last-word.ts";
import type { Log } from "./log.ts";
import { Idling } from "./idling.ts";
import { Loop } from "./loop.ts";
import { Maintenance } from "./maintenance.ts";
import { Metrics } from "./metrics/metrics.ts";
import { Orders } from "./orders.ts";
import { OwnedFile } from "./owned.ts";
import type { Prepared } from "./prepare.ts";
import { Probing } from "./probing.ts";
import { Problems } from "./problems.ts";
import { readAside } from "./read-aside.ts";
import { Records } from "./records.ts";
import { Reloader } from "./reloader.ts";
import { Reloading } from "./reloading.ts";
import { SelfWatch } from "./self-watch.ts";
import { statusAnswers } from "./status-answers.ts";
import type { StatusSources } from "./status.ts";
import type { Surroundings } from "./surroundings.ts";
import { readVersion } from "./version.ts";
import type { Watchdog } from "./watchdog.ts";

export class Agent {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #configPath: string;
  readonly #version = readVersion();
  readonly #moment: ReturnType<typeof createMoments>;
  readonly #since: string;
  readonly #problems: Problems;
  readonly #files: { readonly stateDir: string; readonly socketPath: string };
  readonly #deadMan: DeadMan | undefined;
  readonly #lastWord: LastWord;
  readonly #ownedFile: OwnedFile;
  readonly #owned: ReadonlyMap<string, OwnedRoute>;
  readonly #holds: HoldsFile;
  readonly #effective: Effective;
  readonly #exit: (why: string, status: number) => void;
  readonly #exabgp: ExabgpLink;
  readonly #records: Records;
  readonly #audit: AuditDesk;
  readonly #orders: Orders;
  readonly #maintenance: Maintenance;
  readonly #probing: Probing;
  readonly #idling: Idling;
  readonly #control: Control;
  readonly #http: HttpListener;
  readonly #metrics: Metrics;
  readonly #feed: EventFeed;
  readonly #events: Events;
  readonly #selfWatch: SelfWatch;
  readonly #canary: Canary;
  readonly #watchdog: Watchdog | undefined;
  #loop: Loop | undefined;
  #reloader: Reloader | undefined;
  #reloading: Reloading | undefined;

  constructor({ configPath, log, hasJournal }: Prepared, surroundings: Surroundings) {
    const { clock, life, boot, start, notify: place } = surroundings;
    this.#clock = clock;
    this.#deadMan = surroundings.deadMan;
    this.#log = log;
    this.#moment = createMoments(clock);
    this.#since = new Date(clock.wallMs()).toISOString();
    this.#feed = new EventFeed(clock);
    this.#events = new Events(clock, this.#feed);
    this.#configPath = configPath;
    this.#problems = new Problems(clock, log, (one, over) => this.#events.problem(one, over));
    this.#files = readLenient(configPath);
    log.info(
      { version: this.#version, configPath, ...this.#files, pid: process.pid },
      "agent starts",
    );
    if (process.getuid?.() === 0) log.warn("agent runs as root; it needs no privilege");
    const { stateDir, socketPath } = this.#files;
    this.#orders = new Orders({
      stateDir,
      socketPath,
      life,
      clock,
      log,
      problems: this.#problems,
      dispatch: (input) => this.#loop?.dispatch(input),
    });
    this.#maintenance = new Maintenance({
      clock,
      changed: (drains) => this.#orders.setWindows(drains),
      problem: (detail) => this.#problems.state("maintenance", detail),
    });
    this.#ownedFile = new OwnedFile(stateDir, life);
    this.#lastWord = new LastWord(socketPath, boot);
    this.#owned = this.#lastWord.mark(
      this.#ownedFile.load((detail) => this.#problems.report("owned-file", detail)),
    );
    this.#holds = new HoldsFile(stateDir, clock, this.#problems);
    this.#effective = startConfiguration(configPath, stateDir, this.#owned, hostname());
    this.#exit = createExit({ log, clock, end: surroundings.end }, () => this.#last());
    this.#exabgp = new ExabgpLink({
      surroundings,
      log,
      problems: this.#problems,
      events: this.#events,
      settings: this.#effective.config?.settings.exabgp,
      isOurs: (prefix) => this.#loop?.state.routes.has(prefix) === true,
      occurred: (record) => this.#audit.occurred(record),
      suspicion: () => this.#selfWatch.clockSuspicion(),
      over: (why) => this.#exit(why, 0),
    });
    const { bridge, echo } = this.#exabgp;
    const parts = { loop: () => this.#loop, audit: () => this.#audit, echo };
    this.#canary = new Canary({
      ...parts,
      clock,
      stateDir,
      sessions: () => bridge.status().sessions,
    });
    const problems = this.#problems;
    this.#records = new Records({ stateDir, boot, clock, log, problems, hasJournal });
    const origin = { pop: this.#effective.plan.pop, boot, agent: this.#version };
    const take: AuditSink = (draft, timing) => {
      const record = this.#records.take(draft, timing);
      // Sessions have an event of their own.
      if (record.neighbor === undefined) this.#events.transition(record);
    };
    this.#audit = new AuditDesk(clock, origin, take, this.#records.keepOpen);
    this.#audit.recover(this.#records.left(boot));
    hearLastWord(this.#lastWord, { records: this.#records, origin, take, clock, problems });
    const watched = { problems, events: this.#events, bridge };
    this.#selfWatch = new SelfWatch({ clock, log, ...watched });
    this.#probing = new Probing({
      clock,
      context: surroundings.context,
      log,
      events: this.#events,
      problems,
      meter: () => this.#metrics.meter,
      loop: () => this.#loop,
      look: () => this.#selfWatch.look(),
    });
    const { prober, scheduler } = this.#probing;
    const sources = (): StatusSources => this.#sources();
    const watchdog = createWatchdog({ place, clock, log, ...watched, scheduler, sources });
    this.#watchdog = watchdog;
    this.#idling = new Idling({ clock, problems, start, watchdog, prober });
    this.#metrics = new Metrics(clock, () => ({
      ...this.#sources(),
      auditLost: this.#records.lost,
      reconciled: this.#exabgp.reconciler.reconciled,
      stalls: this.#selfWatch.stalls,
      watchdog: this.#watchdog?.counts,
    }));
    const answers = {
      ...statusAnswers(clock, () => this.#sources()),
      metrics: () => this.#metrics.body(),
      why: (subject: Subject) => explain(subject, this.#sources()),
      timers: clock,
    };
    this.#control = new Control(
      {
        ...answers,
        socketPath,
        events: this.#feed,
        plan: () => this.#reloading?.plan(),
        probe: (service) => this.#probing.ears.probe(service),
        canary: (order) => this.#canary.run(order),
        reload: (order) => this.#reloading?.reload(order) ?? "starting",
      },
      this.#problems,
    );
    this.#http = new HttpListener(answers, this.#problems);
  }

  /** From the first bytes for ExaBGP to the first probes. */
  async run(): Promise<void> {
    const clock = this.#clock;
    this.#watchdog?.start();
    this.#exabgp.start();
    this.#idling.start(this.#exabgp.reconciler);
    await this.#control.listen();
    this.#keepWindows(this.#effective);
    await this.#orders.start();
    const [{ plan }, { drains }] = [this.#effective, this.#orders];
    const flaps = this.#lastWord.count(this.#holds.load(), clock.nowMs());
    const first = startAgent(plan, this.#owned, drains, clock.nowMs(), flaps, true);
    this.#loop = new Loop(first.state, {
      clock,
      log: this.#log,
      bridge: this.#exabgp.bridge,
      audit: this.#audit,
      owned: this.#ownedFile,
      problems: this.#problems,
      canary: (settlement) => this.#canary.settled(settlement),
      expired: (expiry) => this.#orders.expired(expiry),
      flapped: (history) => this.#holds.save(history),
      meter: this.#metrics.meter,
      events: this.#selfWatch,
      look: () => this.#selfWatch.look(),
      planned: (state) => this.#deadMan?.planned(state),
    });
    const [loop, { bridge }] = [this.#loop, this.#exabgp];
    loop.start(first.actions);
    const word = this.#lastWord;
    this.#deadMan?.start({ log: this.#log, problems: this.#problems, word, loop, bridge });
    this.#exabgp.reconciler.start(this.#loop);
    this.#selfWatch.start(this.#loop);
    this.#orders.tell();
    this.#reloader = new Reloader(this.#effective, {
      path: this.#configPath,
      stateDir: this.#files.stateDir,
      clock,
      log: this.#log,
      loop: this.#loop,
      audit: this.#audit,
      problems: this.#problems,
      read: (path) => readAside(path, clock),
      probe: (checks) => this.#idling.probe(checks),
      listen: (address) => void this.#http.listen(address),
      settled: (status) => this.#events.config(status),
      windows: (effective) => this.#keepWindows(effective),
    });
    const { stateDir } = this.#files;
    this.#reloading = new Reloading(this.#reloader, this.#loop, this.#version, stateDir, clock);
    startHeartbeat(this.#log, this.#loop);
    this.#idling.running(this.#loop);
  }

  /** As at SIGHUP. */
  reload(): void {
    this.#reloader?.signalled();
  }

  /** Ends as told by a signal: no route moves. */
  end(why: string): void {
    this.#exit(why, 0);
  }

  #keepWindows({ config, plan }: Effective): void {
    const names = plan.services.map(({ name }) => name);
    this.#maintenance.update(config?.settings.maintenance ?? [], names);
    this.#exabgp.reconciler.setInterval(config?.settings.exabgp.reconcileIntervalMs);
  }

  /** What status and metrics are made of. */
  #sources(): StatusSources {
    return {
      moment: this.#idling.moment(this.#moment()),
      version: this.#version,
      since: this.#since,
      pop: this.#reloader?.pop ?? this.#effective.plan.pop,
      config: this.#reloader?.status ?? configStatus(this.#configPath, this.#effective),
      state: this.#loop?.state,
      bridge: this.#exabgp.bridge,
      echo: this.#exabgp.echo,
      problems: this.#problems,
      isListening: (check) => this.#probing.scheduler.isListening(check),
    };
  }

  /** What is done before exit: no route is touched, everything known is written down. */
  async #last(): Promise<void> {
    this.#idling.stop();
    this.#deadMan?.stop();
    this.#probing.scheduler.stop();
    this.#selfWatch.stop();
    this.#watchdog?.stop();
    this.#loop?.dispatch({ type: "stop", actor: "agent" });
    this.#orders.stop();
    this.#maintenance.stop();
    this.#reloader?.stop();
    const saved = this.#loop?.stop();
    this.#exabgp.reconciler.stop();
    this.#metrics.stop();
    this.#audit.flush();
    await Promise.all([saved, this.#records.flush(), this.#control.close(), this.#http.close()]);
    await this.#holds.flush();
  }
}
