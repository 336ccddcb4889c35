/**
 * One life of the agent on a simulated host: its own parts, wired as `src/daemon/agent.ts` does, without what only tells
 * (control socket, metrics, journal). Whatever it plans or writes after its death does not happen.
 */
import { Readable } from "node:stream";
import { pino } from "pino";
import { EventFeed } from "../../src/control/event-feed.ts";
import { createProbeContext } from "../../checks/context.ts";
import { startAgent } from "../../src/core/configure.ts";
import type { AgentState } from "../../src/core/state.ts";
import { AuditDesk } from "../../src/daemon/audit.ts";
import { startConfiguration, type Effective } from "../../src/daemon/configuration.ts";
import { Events } from "../../src/daemon/events.ts";
import { ExabgpLink } from "../../src/daemon/exabgp-link.ts";
import { HoldsFile } from "../../src/daemon/holds-file.ts";
import { Loop } from "../../src/daemon/loop.ts";
import { Meter } from "../../src/daemon/metrics/meter.ts";
import type { Draft } from "../../src/daemon/open-decisions.ts";
import { Orders } from "../../src/daemon/orders.ts";
import { OwnedFile } from "../../src/daemon/owned.ts";
import { Probing } from "../../src/daemon/probing.ts";
import { Problems } from "../../src/daemon/problems.ts";
import { Reloader } from "../../src/daemon/reloader.ts";
import type { ProbeMakers } from "../../src/daemon/scheduler.ts";
import { SelfWatch } from "../../src/daemon/self-watch.ts";
import { Watchdog } from "../../src/daemon/watchdog.ts";
import { CONFIG_PATH, type Configurations } from "./configurations.ts";
import type { Host } from "./disk.ts";
import { Folders } from "./order-folder.ts";
import type { Being, World } from "./world.ts";

export const STATE_DIR = "/var/lib/anyctl";
export const SOCKET_PATH = "/run/anyctl/agent.sock";

export interface LifeOptions {
  readonly world: World;
  readonly host: Host;
  readonly configurations: Configurations;
  readonly makers: (being: Being) => ProbeMakers;
  /** Names the ExaBGP above it. */
  readonly exabgpLife: string;
  /** Takes one line without its newline. */
  readonly wrote: (life: Life, line: string) => void;
  readonly recorded: (draft: Draft) => void;
  /** How long systemd waits for a ping; undefined: it does not. */
  readonly watchdogMs: number | undefined;
  readonly pinged: (life: Life) => void;
  readonly ended: (life: Life, status: number) => void;
}

/** Delivers what is said at once. */
class Input extends Readable {
  override _read(): void {}
}

/** Nothing of it is needed: the registry's probes are not used. */
const CONTEXT = createProbeContext();

const LOG = pino({ level: "silent" });

export class Life implements Being {
  isDead = false;
  stillUntilMs = 0;
  readonly beganMs: number;
  readonly exabgpLife: string;
  readonly #options: LifeOptions;
  readonly #input = new Input();
  readonly #folders: Folders;
  readonly #exabgp: ExabgpLink;
  readonly #probing: Probing;
  readonly #selfWatch: SelfWatch;
  readonly #audit: AuditDesk;
  readonly #orders: Orders;
  readonly #holds: HoldsFile;
  readonly #effective: Effective;
  readonly #problems: Problems;
  readonly #owned: OwnedFile;
  readonly #meter = new Meter();
  readonly #watchdog: Watchdog;
  readonly #drafts: () => readonly Draft[];
  #loop: Loop | undefined;
  #reloader: Reloader | undefined;

  constructor(options: LifeOptions) {
    const { world, host, configurations } = options;
    this.#options = options;
    this.beganMs = world.nowMs;
    this.exabgpLife = options.exabgpLife;
    const clock = world.clockOf(this);
    const events = new Events(clock, new EventFeed(clock));
    this.#problems = new Problems(clock, LOG);
    const problems = this.#problems;
    const disk = host.diskOf(this);
    this.#folders = new Folders(world, host, this);
    this.#orders = new Orders({
      stateDir: STATE_DIR,
      socketPath: SOCKET_PATH,
      life: options.exabgpLife,
      clock,
      log: LOG,
      problems,
      dispatch: (input) => this.#loop?.dispatch(input),
      folders: this.#folders.seam,
    });
    this.#owned = new OwnedFile(STATE_DIR, options.exabgpLife, disk);
    const owned = this.#owned.load((detail) => problems.report("owned-file", detail));
    this.#holds = new HoldsFile(STATE_DIR, clock, problems, disk);
    const sources = configurations.sourcesFor(disk);
    this.#effective = startConfiguration(CONFIG_PATH, STATE_DIR, owned, "pop1", sources);
    this.#exabgp = new ExabgpLink({
      surroundings: {
        clock,
        input: this.#input,
        output: () => (line) => {
          if (!this.isDead) options.wrote(this, line);
        },
      },
      log: LOG,
      problems,
      events,
      settings: this.#effective.config?.settings.exabgp,
      isOurs: (prefix) => this.#loop?.state.routes.has(prefix) === true,
      occurred: (record) => this.#audit.occurred(record),
      suspicion: () => this.#selfWatch.clockSuspicion(),
      over: () => this.#end(),
    });
    const origin = { pop: this.#effective.plan.pop, boot: "boot", agent: "simulated" };
    let drafts: () => readonly Draft[] = () => [];
    this.#drafts = () => drafts();
    this.#audit = new AuditDesk(clock, origin, options.recorded, (of) => void (drafts = of));
    // The machine never sleeps: what its clock says is what the kernel's says.
    const bootMs = () => world.nowMs;
    this.#selfWatch = new SelfWatch({ clock, log: LOG, problems, events, bootMs });
    this.#probing = new Probing({
      clock,
      context: CONTEXT,
      makers: options.makers(this),
      log: LOG,
      events,
      problems,
      meter: () => this.#meter,
      loop: () => this.#loop,
      look: () => this.#selfWatch.look(),
    });
    this.#watchdog = new Watchdog({
      clock,
      notifier: {
        ready: () => {},
        status: () => {},
        watchdog: () => {
          if (!this.isDead) options.pinged(this);
        },
        end: () => {},
      },
      watchdogMs: options.watchdogMs,
      bridge: this.#exabgp.bridge,
      isWaiting: (check) => this.#probing.scheduler.isWaiting(check),
      how: () => "works",
      problem: (detail) => problems.state("watchdog", detail),
    });
    void this.#run(owned);
  }

  /** Undefined until it decides. */
  get state(): AgentState | undefined {
    return this.#loop?.state;
  }

  /** What must not grow. */
  get sizes(): Readonly<Record<string, number>> {
    const { queued, inFlight, unreadBytes } = this.#exabgp.bridge.status();
    const open = this.#drafts().length;
    return { queued, inFlight, unreadBytes, open, planned: this.#options.world.plannedBy(this) };
  }

  /** ExaBGP says something. */
  hear(text: string): void {
    this.#options.world.after(0, () => this.#input.emit("data", Buffer.from(text)), this, true);
  }

  /** ExaBGP is gone. */
  inputEnds(): void {
    this.#options.world.after(0, () => this.#input.emit("end"), this, true);
  }

  /** Without a word. */
  kill(): void {
    this.isDead = true;
  }

  /** As at SIGTERM. */
  terminate(): void {
    this.#options.world.after(0, () => this.#end(), this);
  }

  /** As at SIGHUP, or as `anyctl reload --force` does. */
  reload(force: boolean): void {
    const { world } = this.#options;
    world.after(
      0,
      () => {
        world.rest();
        if (force) void this.#reloader?.reload({ actor: "uid:0(root)", force });
        else this.#reloader?.signalled();
      },
      this,
    );
  }

  /** The main loop stands still; ExaBGP and the services go on. */
  stall(ms: number): void {
    this.stillUntilMs = Math.max(this.stillUntilMs, this.#options.world.nowMs + ms);
  }

  ordersChanged(folder: string): void {
    this.#folders.changed(folder);
  }

  async #run(owned: ReturnType<OwnedFile["load"]>): Promise<void> {
    const { world, host, configurations } = this.#options;
    const clock = world.clockOf(this);
    this.#watchdog.start();
    this.#exabgp.start();
    await this.#orders.start();
    if (this.isDead) return;
    this.#setInterval(this.#effective);
    const { plan } = this.#effective;
    const holds = this.#holds.load();
    const first = startAgent(plan, owned, this.#orders.drains, clock.nowMs(), holds, true);
    this.#loop = new Loop(first.state, {
      clock,
      log: LOG,
      bridge: this.#exabgp.bridge,
      audit: this.#audit,
      owned: this.#owned,
      problems: this.#problems,
      meter: this.#meter,
      expired: (expiry) => this.#orders.expired(expiry),
      flapped: (history) => this.#holds.save(history),
      events: this.#selfWatch,
      look: () => this.#selfWatch.look(),
    });
    this.#loop.start(first.actions);
    this.#exabgp.reconciler.start(this.#loop);
    this.#selfWatch.start(this.#loop);
    this.#orders.tell();
    const sources = configurations.sourcesFor(host.diskOf(this));
    this.#reloader = new Reloader(this.#effective, {
      path: CONFIG_PATH,
      stateDir: STATE_DIR,
      clock,
      log: LOG,
      loop: this.#loop,
      audit: this.#audit,
      problems: this.#problems,
      read: (path) =>
        new Promise((resolve) => {
          const answer = () => {
            world.rest();
            resolve(sources.read(path));
          };
          clock.after(READ_MS, answer);
        }),
      keep: (stateDir, config) => sources.keep(stateDir, config),
      signature: sources.signature,
      probe: (checks) => this.#probing.prober.probe(checks),
      listen: () => {},
      windows: (effective) => this.#setInterval(effective),
    });
    this.#watchdog.ready(this.#loop);
  }

  #setInterval({ config }: Effective): void {
    this.#exabgp.reconciler.setInterval(config?.settings.exabgp.reconcileIntervalMs);
  }

  /** No route is touched. */
  #end(): void {
    if (this.isDead) return;
    this.#probing.scheduler.stop();
    this.#selfWatch.stop();
    this.#watchdog.stop();
    this.#loop?.dispatch({ type: "stop", actor: "agent" });
    this.#orders.stop();
    this.#reloader?.stop();
    void this.#loop?.stop();
    this.#exabgp.reconciler.stop();
    this.#audit.flush();
    const last = (): void => {
      if (this.isDead) return;
      this.isDead = true;
      this.#options.ended(this, 0);
    };
    void this.#holds.flush().then(() => this.#options.world.after(1, last));
  }
}

/** A worker reads the file. */
const READ_MS = 80;
