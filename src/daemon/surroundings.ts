/** What an agent lives in. It is a parameter so that the whole agent can live on another clock, under another ExaBGP. */
import { LineWriter } from "exabgp-ts-bridge";
import type { Readable } from "node:stream";
import { createProbeContext, type ProbeContext } from "../../checks/context.ts";
import { type Clock, systemClock } from "./clock.ts";
import { DeadMan } from "./dead-man.ts";
import type { CountedStart } from "./crash-loop.ts";
import { bootId, exabgpLife } from "./life.ts";
import { type NotifyPlace, takeNotifyPlace } from "./notify-place.ts";

export interface Surroundings {
  readonly clock: Clock;
  /** What ExaBGP says. */
  readonly input: Readable;
  /**
   * Takes whole lines for ExaBGP.
   *
   * @param failed Called once when nothing can be written any more.
   */
  readonly output: (failed: (error: Error) => void) => (line: string) => void;
  /** Watches the loop; absent where none can block. */
  readonly deadMan?: DeadMan;
  /** What probes get. */
  readonly context: ProbeContext;
  /** Names the ExaBGP above this agent (`exabgpLife`). */
  readonly life: string;
  /** Names this boot of the host. */
  readonly boot: string;
  /** Where systemd listens; absent or undefined: nowhere. */
  readonly notify?: NotifyPlace | undefined;
  /** This start, among the others; absent: nobody counts them. */
  readonly start?: CountedStart;
  /** Ends the process, or what stands for it. */
  readonly end: (status: number) => void;
}

/** Those of a process that ExaBGP runs. */
export function processSurroundings(): Surroundings {
  const clock = systemClock;
  const deadMan = new DeadMan(clock);
  return {
    clock,
    input: process.stdin,
    output(failed) {
      const writer = new LineWriter({ fd: 1, timers: clock, failed, guard: deadMan.guard });
      return (line) => {
        deadMan.written(line);
        writer.write(line);
      };
    },
    deadMan,
    context: createProbeContext(),
    life: exabgpLife(),
    boot: bootId(),
    notify: takeNotifyPlace(process.env),
    end: (status) => process.exit(status),
  };
}
