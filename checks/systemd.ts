/** `systemd`: passes when a unit is in one of the expected states; hears at once when that changes. */
import { z } from "zod";
import type { ProbeContext } from "./context.ts";
import { BusError } from "./dbus-connection.ts";
import type { Listen } from "./listen.ts";
import { fail, inconclusive, pass, type Probe } from "./probe.ts";

/** UNIT_NAME_MAX of systemd. */
const NAME_MAX = 255;

/** systemd.unit(5), "Description". */
const NAME =
  /^[A-Za-z0-9:_.\\-]+(?:@[A-Za-z0-9:_.\\@-]+)?\.(?:service|socket|target|device|mount|automount|swap|timer|path|slice|scope)$/;

/** Of ActiveState (org.freedesktop.systemd1(5)). */
const STATES = [
  "active",
  "reloading",
  "refreshing",
  "inactive",
  "failed",
  "activating",
  "deactivating",
  "maintenance",
] as const;

export const SystemdCheck = z.strictObject({
  type: z.literal("systemd"),
  unit: z
    .string()
    .max(NAME_MAX, `must be at most ${NAME_MAX} characters`)
    .regex(NAME, "must be a unit's full name, such as nginx.service or postgresql@15-main.service")
    .describe("Full name of the unit. [required]"),
  states: z
    .array(z.enum(STATES))
    .min(1, "must have at least one state")
    .max(STATES.length, `must have at most ${STATES.length} entries`)
    .default(["active", "reloading", "refreshing"])
    .describe("States of the unit that pass. [active, reloading, refreshing]"),
});
export type SystemdCheck = z.infer<typeof SystemdCheck>;

export function createSystemdProbe({ unit, states }: SystemdCheck, context: ProbeContext): Probe {
  const expected = new Set<string>(states);
  return async (signal) => {
    try {
      const { active, sub, load } = await context.systemd.ask(unit, signal);
      // A systemd that answers something else is none that can be judged.
      if (active === "") return inconclusive("bus-failed", "systemd gave no state");
      // Who waits for `inactive` must see that a unit does not exist: its name may be wrong.
      const state = `${active} (${sub})${load === "loaded" ? "" : `, ${load}`}`;
      return expected.has(active) ? pass(state) : fail("not-active", state);
    } catch (error) {
      if (!(error instanceof BusError)) throw error;
      const { dbusName, message } = error;
      return inconclusive("bus-failed", dbusName === "" ? message : `${dbusName}: ${message}`);
    }
  };
}

export function listenSystemd({ unit }: SystemdCheck, { systemd }: ProbeContext): Listen {
  return (heard) => systemd.watch(unit, (state) => heard("unit-changed", state));
}
