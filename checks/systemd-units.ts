/** What systemd knows about its units, asked and heard on one connection to the system bus for all checks. */
import { BackOff } from "./back-off.ts";
import { socketPathOf } from "./dbus-address.ts";
import { BusConnection, BusError, callToBus } from "./dbus-connection.ts";
import { asList, asText, type Call, type Message } from "./dbus-message.ts";
import type { Listener } from "./listen.ts";
import { Places } from "./places.ts";
import type { Timers } from "./timers.ts";

/** In the words of systemd (org.freedesktop.systemd1(5)). */
export interface UnitState {
  readonly active: string;
  readonly sub: string;
  readonly load: string;
}

/** @param state `active (running)`. */
type Told = (state: string) => void;

interface WatchedUnit {
  readonly watches: Set<Told>;
  path: string | undefined;
  isHeard: boolean;
  /** What was asked or told last. */
  state: string;
}

/** A bus allows 128 calls without an answer (max_replies_per_connection, dbus-daemon(1)); one question has 4. */
const QUESTIONS_MAX = 30;

/** With so many questions open for so long, the answers are lost. */
const SILENCE_MAX_MS = 30_000;

/** A connection costs little, but not when a hundred checks make one each time that a bus closes it. */
const PAUSE_MS = 100;

const LISTEN_PAUSES = { firstMs: PAUSE_MS, maxMs: 5000 };

const SYSTEMD = "org.freedesktop.systemd1";
const UNIT = "org.freedesktop.systemd1.Unit";
const PROPERTIES = "org.freedesktop.DBus.Properties";

export class SystemdUnits {
  readonly #timers: Timers;
  readonly #address: string | undefined;
  readonly #questions = new Places({ max: QUESTIONS_MAX });
  readonly #watched = new Map<string, WatchedUnit>();
  readonly #backOff: BackOff;
  #isTryingAgain = false;
  #connection: BusConnection | undefined;
  #lostMs = Number.NEGATIVE_INFINITY;
  #lostWhy = "";
  #answeredMs: number;
  /** The unique name of systemd; another one is a systemd that started again, and knows us no more. */
  #owner = "";
  #subscribed: Promise<unknown> | undefined;

  /** @param address Of the bus, as in DBUS_SYSTEM_BUS_ADDRESS. Opens nothing yet. */
  constructor(timers: Timers, address = process.env["DBUS_SYSTEM_BUS_ADDRESS"]) {
    this.#timers = timers;
    this.#address = address;
    this.#backOff = new BackOff(LISTEN_PAUSES, timers);
    this.#answeredMs = timers.nowMs();
  }

  /**
   * Settles as soon as `signal` aborts.
   *
   * @throws {BusError} When the bus or systemd cannot be asked, or not in time.
   */
  async ask(unit: string, signal: AbortSignal): Promise<UnitState> {
    const leave = await this.#questions.enter(false, signal);
    if (leave === undefined) {
      if (this.#timers.nowMs() - this.#answeredMs > SILENCE_MAX_MS) {
        this.#connection?.close("the bus is silent");
      }
      throw new BusError(`${this.#questions.taken} questions before this one are unanswered`);
    }
    // The place is kept until there is an answer: a bus that gives none is not asked without end.
    const answer = this.#ask(unit).finally(leave);
    return await Promise.race([answer, untilAborted(signal)]);
  }

  /** Tells each change of the unit's state that was not known yet. While there is no bus, it is tried again. */
  watch(unit: string, told: Told): Listener {
    const watched = this.#watched.get(unit) ?? {
      watches: new Set(),
      path: undefined,
      isHeard: false,
      state: "",
    };
    this.#watched.set(unit, watched);
    watched.watches.add(told);
    void this.#listen(unit, watched);
    return {
      get isListening() {
        return watched.isHeard;
      },
      close: () => this.#unwatch(unit, watched, told),
    };
  }

  /** A bus that never greets would keep the process for a while. Who asks again connects again. */
  close(): void {
    this.#connection?.close("nobody asks any more");
  }

  #unwatch(unit: string, watched: WatchedUnit, told: Told): void {
    watched.watches.delete(told);
    if (watched.watches.size > 0 || this.#watched.get(unit) !== watched) return;
    this.#watched.delete(unit);
    const { isHeard, path } = watched;
    watched.isHeard = false;
    if (this.#watched.size === 0) {
      this.#backOff.cancel();
      this.#connection?.close("nobody listens any more");
    } else if (isHeard && path !== undefined) {
      this.#connection?.call(callToBus("RemoveMatch", matchRule(path))).catch(() => {});
    }
  }

  async #ask(unit: string): Promise<UnitState> {
    const connection = this.#connect();
    const path = this.#watched.get(unit)?.path ?? (await this.#pathOf(unit, connection));
    const [active = "", sub = "", load = ""] = await Promise.all(
      ["ActiveState", "SubState", "LoadState"].map(async (name) => {
        const call = { path, interface: PROPERTIES, member: "Get", args: [UNIT, name] };
        return asText((await this.#call(connection, call)).body[0]);
      }),
    );
    const watched = this.#watched.get(unit);
    if (watched !== undefined) watched.state = `${active} (${sub})`;
    return { active, sub, load };
  }

  /** LoadUnit gives every unit a path, also one that is not found; its name is never escaped here. */
  async #pathOf(unit: string, connection: BusConnection): Promise<string> {
    const answer = await this.#call(connection, toManager("LoadUnit", unit));
    return asText(answer.body[0]);
  }

  async #call(connection: BusConnection, call: Omit<Call, "destination">): Promise<Message> {
    const answer = await connection.call({ ...call, destination: SYSTEMD });
    this.#answeredMs = this.#timers.nowMs();
    if (answer.sender !== this.#owner) {
      const isAnother = this.#owner !== "";
      this.#owner = answer.sender;
      if (isAnother) this.#forget();
    }
    return answer;
  }

  /** @throws {BusError} */
  #connect(): BusConnection {
    if (this.#connection !== undefined) return this.#connection;
    if (this.#timers.nowMs() - this.#lostMs < PAUSE_MS) throw new BusError(this.#lostWhy);
    const path = socketPathOf(this.#address);
    if (path === undefined) throw new BusError("DBUS_SYSTEM_BUS_ADDRESS names no Unix socket");
    const connection = new BusConnection({
      path,
      timers: this.#timers,
      signal: (message) => this.#hear(message),
      closed: ({ message }) => {
        this.#connection = undefined;
        this.#lostMs = this.#timers.nowMs();
        this.#lostWhy = message;
        this.#owner = "";
        this.#forget();
      },
    });
    this.#connection = connection;
    return connection;
  }

  /** What systemd or the bus was told about listening is gone. */
  #forget(): void {
    this.#subscribed = undefined;
    for (const watched of this.#watched.values()) watched.isHeard = false;
    if (this.#watched.size > 0) this.#tryAgain();
  }

  async #listen(unit: string, watched: WatchedUnit): Promise<void> {
    if (watched.isHeard) return;
    try {
      const connection = this.#connect();
      await (this.#subscribed ??= this.#subscribe(connection));
      watched.path ??= await this.#pathOf(unit, connection);
      await connection.call(callToBus("AddMatch", matchRule(watched.path)));
      if (this.#connection !== connection) throw new BusError("the bus has gone");
      watched.isHeard = true;
      this.#backOff.reset();
    } catch {
      this.#tryAgain();
    }
  }

  /** Without it systemd tells nobody anything. */
  async #subscribe(connection: BusConnection): Promise<void> {
    try {
      await this.#call(connection, toManager("Subscribe"));
    } catch (error) {
      if (error instanceof BusError && error.dbusName.endsWith(".AlreadySubscribed")) return;
      this.#subscribed = undefined;
      throw error;
    }
  }

  #tryAgain(): void {
    if (this.#isTryingAgain || this.#watched.size === 0) return;
    this.#isTryingAgain = true;
    this.#backOff.tryAgain(() => {
      this.#isTryingAgain = false;
      for (const [unit, watched] of this.#watched) void this.#listen(unit, watched);
    });
  }

  /** Anybody may send a signal to us; an event starts probes only, but at any rate that somebody likes. */
  #hear({ sender, path, member, body }: Message): void {
    if (sender !== this.#owner || member !== "PropertiesChanged" || asText(body[0]) !== UNIT)
      return;
    const watched = [...this.#watched.values()].find((one) => one.path === path);
    if (watched === undefined) return;
    const changed = new Map(asList(body[1]).map((entry) => [asList(entry)[0], asList(entry)[1]]));
    const [active, sub] = [asText(changed.get("ActiveState")), asText(changed.get("SubState"))];
    const state = `${active} (${sub})`;
    if (active === "" || state === watched.state) return;
    watched.state = state;
    for (const told of watched.watches) told(state);
  }
}

function toManager(member: string, ...args: string[]): Omit<Call, "destination"> {
  const path = "/org/freedesktop/systemd1";
  return { path, interface: "org.freedesktop.systemd1.Manager", member, args };
}

/** @param path As systemd gave it: letters, digits, `_` and `/`, so that it needs no quoting. */
function matchRule(path: string): string {
  return `type='signal',sender='${SYSTEMD}',path='${path}',interface='${PROPERTIES}',member='PropertiesChanged',arg0='${UNIT}'`;
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const stop = (): void => reject(new BusError("no answer in time"));
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}
