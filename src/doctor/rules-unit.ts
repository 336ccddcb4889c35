/** The unit that runs ExaBGP: what happens when it hangs, stops or dies. */
import type { Facts, Unit } from "./host.ts";
import { openFilesNeeded } from "./open-files.ts";
import { defineRule, type Found } from "./rule.ts";

/**
 * Whether this version of the agent pings systemd's watchdog. As long as it does not, WatchdogSec= would kill a
 * healthy ExaBGP again and again.
 */
const AGENT_PINGS: boolean = false;

export const UNIT_RULES = [
  defineRule({
    id: "notify-access",
    severity: "info",
    about: "systemd does not listen to the agent",
    why: "The agent is a child of ExaBGP: only NotifyAccess=all lets it ping the watchdog. This version does not ping yet.",
    mend: "Add NotifyAccess=all in a drop-in; it does no harm before it is used.",
    needs: ["unit"],
    look: ({ unit }) => unlessOneOf(unit, "NotifyAccess", ["all"]),
  }),
  defineRule({
    id: "watchdog",
    severity: "info",
    about: "nothing restarts an ExaBGP that hangs",
    why: "Its routes stay until the hold time is over at each peer. This version of the agent does not ping a watchdog yet.",
    mend: "Keep the hold time short; add no WatchdogSec= before the agent pings.",
    needs: ["unit"],
    look: ({ unit }) => (watchdogOf(unit) ? [] : [property(unit, "WatchdogUSec")]),
  }),
  defineRule({
    id: "watchdog-unpinged",
    severity: "error",
    about: "systemd waits for pings that nobody sends",
    why: "It kills ExaBGP each time WatchdogSec= is over: all sessions drop. This version of the agent does not ping.",
    mend: "Remove WatchdogSec= until the agent pings.",
    needs: ["unit"],
    look: ({ unit }) => (AGENT_PINGS || !watchdogOf(unit) ? [] : [property(unit, "WatchdogUSec")]),
  }),
  defineRule({
    id: "unit-restart",
    severity: "error",
    about: "systemd does not start ExaBGP again after a crash",
    why: "The PoP stays out until somebody comes.",
    mend: "Set Restart=always.",
    needs: ["unit"],
    look: ({ unit }) =>
      unlessOneOf(unit, "Restart", ["always", "on-failure", "on-abnormal", "on-abort"]),
  }),
  defineRule({
    id: "unit-user",
    severity: "warning",
    about: "ExaBGP and the agent run as root",
    why: "They need no privilege but CAP_NET_BIND_SERVICE or CAP_NET_ADMIN; a mistake in either is then a mistake of root.",
    mend: "Set User=exabgp and Group=exabgp.",
    needs: ["unit"],
    look: ({ unit }) => {
      const user = unit.properties.get("User") ?? "";
      return user === "" || user === "root" || user === "0" ? [property(unit, "User")] : [];
    },
  }),
  defineRule({
    id: "unit-drain",
    severity: "warning",
    about: "stopping ExaBGP does not drain first",
    why: "What the agent writes while ExaBGP stops is never sent: the session just closes, and traffic on its way is lost.",
    mend: "Add ExecStop=/usr/bin/anyctl drain --all --transient --wait --reason stop in a drop-in.",
    needs: ["unit"],
    look: ({ unit }) =>
      /\banyctl\b.*\bdrain\b/s.test(unit.properties.get("ExecStop") ?? "")
        ? []
        : [property(unit, "ExecStop")],
  }),
  defineRule({
    id: "unit-kill-mode",
    severity: "warning",
    about: "stopping ExaBGP leaves the agent behind",
    why: "The old agent outlives its ExaBGP, and holds files that the new one needs.",
    mend: "Remove KillMode=: control-group is the default.",
    needs: ["unit"],
    look: ({ unit }) => unlessOneOf(unit, "KillMode", ["control-group", "mixed"]),
  }),
  defineRule({
    id: "unit-mounts",
    severity: "info",
    about: "ExaBGP may start before the file system of state-dir is there",
    why: "The agent would not see its drains, and announce what is drained.",
    mend: "Add RequiresMountsFor= with the state-dir in a drop-in.",
    needs: ["unit", "config"],
    look: ({ unit, config: { settings } }) => {
      const mounts = (unit.properties.get("RequiresMountsFor") ?? "").split(" ");
      const isNamed = mounts.some(
        (path) =>
          path === settings.stateDir || (path !== "" && settings.stateDir.startsWith(`${path}/`)),
      );
      return isNamed ? [] : [property(unit, "RequiresMountsFor")];
    },
  }),
  defineRule({
    id: "open-files",
    severity: "error",
    about: "the agent may have fewer descriptors than its checks need",
    why: "Checks wait for one another, and are judged late or not at all.",
    mend: "Raise LimitNOFILE= of the unit.",
    needs: ["config", "openFiles"],
    look: ({ config, openFiles: { limit, where } }) => {
      const needed = openFilesNeeded(config.plan);
      return limit >= needed ? [] : [{ where, found: `${limit}, needed are ${needed}` }];
    },
  }),
  defineRule({
    id: "journal-volatile",
    severity: "info",
    about: "the journal is gone after a reboot",
    why: "Records of decisions are then in state-dir/audit.jsonl only, which keeps fewer.",
    mend: "mkdir /var/log/journal && systemctl restart systemd-journald, or Storage=persistent.",
    needs: ["journal"],
    look: ({ journal: { isPersistent } }) =>
      isPersistent ? [] : [{ where: "/var/log/journal", found: "is not there" }],
  }),
];

function watchdogOf({ properties }: Unit): boolean {
  return !["", "0", "infinity"].includes(properties.get("WatchdogUSec") ?? "");
}

function unlessOneOf(unit: Unit, name: string, good: readonly string[]): Found[] {
  return good.includes(unit.properties.get(name) ?? "") ? [] : [property(unit, name)];
}

function property({ name, properties }: Facts["unit"], key: string): Found {
  const value = properties.get(key) ?? "";
  return { where: name, found: `${key}=${value.slice(0, 200)}` };
}
