/** What every probe and listener gets beside its own specification: one for all of a process. */
import { createPrograms } from "./exec-run.ts";
import { Places } from "./places.ts";
import { LOOKS_MAX } from "./file-look.ts";
import { createOwnAddresses, type OwnAddresses } from "./own-addresses.ts";
import { createResolver, type Resolver, type ResolverOptions } from "./resolve.ts";
import { SystemdUnits } from "./systemd-units.ts";
import { systemTimers, type Timers } from "./timers.ts";
import { createWallClock, type WallClock } from "./wall-clock.ts";

export interface ProbeContext {
  /** Shared, so that the hosts file is read once. */
  readonly resolver: Resolver;
  readonly timers: Timers;
  /** Shared, so that a step which one probe has found is known to all. */
  readonly wallClock: WallClock;
  /** Those that run now. */
  readonly programs: Places;
  /** Shared, so that dead mounts cannot take all threads of the pool. */
  readonly fileLooks: Places;
  /** Shared, so that they are listed once for all who ask together. */
  readonly ownAddresses: OwnAddresses;
  /** Connects when it is first asked. */
  readonly systemd: SystemdUnits;
}

interface ContextOptions extends ResolverOptions {
  /** Milliseconds since 1970; by default the system's clock. */
  readonly wallMs?: () => number;
  /** Address of the system bus; by default that of the environment, or the usual one. */
  readonly systemBus?: string;
}

/** Opens nothing. */
export function createProbeContext(options: ContextOptions = {}): ProbeContext {
  const { timers = systemTimers, wallMs } = options;
  return {
    resolver: createResolver(options),
    timers,
    wallClock: createWallClock(timers, wallMs),
    programs: createPrograms(),
    fileLooks: new Places({ max: LOOKS_MAX }),
    ownAddresses: createOwnAddresses(timers),
    systemd: new SystemdUnits(timers, options.systemBus),
  };
}
