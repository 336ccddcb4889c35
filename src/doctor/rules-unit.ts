/** The unit that runs ExaBGP: what happens when it hangs, stops or dies. */
import { dirname } from "node:path";
import type { Facts, Unit } from "./host.ts";
import { openFilesNeeded } from "./open-files.ts";
import { defineRule, type Found } from "./rule.ts";

export const UNIT_RULES = [
  defineRule({
    id: "notify-access",
    severity: "error",
    about: "systemd does not listen to the agent",
    why: "The agent is a child of ExaBGP: only NotifyAccess=all lets it say that it has started and that it is alive. With WatchdogSec= systemd then kills a healthy ExaBGP, with Type=notify its start never ends.",
    mend: "Add NotifyAccess=all in a drop-in, or install systemd/exabgp-anyctl.conf.",
    needs: ["unit"],
    look: ({ unit }) => unlessOneOf(unit, "NotifyAccess", ["all"]),
  }),
  defineRule({
    id: "watchdog",
    severity: "error",
    about: "nothing restarts an ExaBGP or an agent that hangs",
    why: "Its routes stay until the hold time is over at each peer; those of an agent that is stopped stay for ever.",
    mend: "Add WatchdogSec=10 with NotifyAccess=all in a drop-in, or install systemd/exabgp-anyctl.conf. If it is there: systemctl daemon-reload && systemctl restart exabgp.",
    needs: ["unit"],
    look: ({ unit }) => (hasWatchdog(unit) ? [] : [property(unit, "WatchdogUSec")]),
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
    mend: "Set KillMode=mixed.",
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
      const mounts = wordsOf(unit, "RequiresMountsFor");
      const isNamed = mounts.some((path) => isWithin(settings.stateDir, path));
      return isNamed ? [] : [property(unit, "RequiresMountsFor")];
    },
  }),
  defineRule({
    id: "unit-writable",
    severity: "error",
    about: "the unit keeps the agent from writing where it must",
    why: "ProtectSystem=strict leaves only the folders of ReadWritePaths= writable: there would be no socket, no drains, no history.",
    mend: "Add ReadWritePaths= with state-dir and the folder of the socket in a drop-in.",
    needs: ["unit", "config", "reach"],
    look: ({ unit, config: { settings }, reach: { socketPath } }) => {
      if (unit.properties.get("ProtectSystem") !== "strict") return [];
      const open = wordsOf(unit, "ReadWritePaths").map((path) => path.replace(/^[-+]+/, ""));
      const made = (kind: string, above: string): string[] =>
        wordsOf(unit, kind).map((name) => `${above}/${name}`);
      const writable = [
        ...open,
        ...made("RuntimeDirectory", "/run"),
        ...made("StateDirectory", "/var/lib"),
      ];
      return [settings.stateDir, dirname(socketPath)]
        .filter((path) => !writable.some((above) => isWithin(path, above)))
        .map((path) => ({ where: unit.name, found: `ProtectSystem=strict, and not ${path}` }));
    },
  }),
  defineRule({
    id: "unit-order",
    severity: "info",
    about: "a service that is checked may stop before ExaBGP has drained",
    why: "At a shutdown systemd stops units side by side unless one is After= the other: what is still announced then has no service.",
    mend: "Add After= with the units of the services in a drop-in for exabgp.service.",
    needs: ["unit", "config"],
    look: ({ unit, config: { plan } }) => {
      const after = new Set(wordsOf(unit, "After"));
      const checked = plan.services.flatMap(({ checks }) =>
        checks.flatMap(({ spec }) => (spec.type === "systemd" ? [spec.unit] : [])),
      );
      return [...new Set(checked)]
        .filter((name) => !after.has(name))
        .map((name) => ({ where: unit.name, found: `is not After=${name}` }));
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

function hasWatchdog({ properties }: Unit): boolean {
  return !["", "0", "infinity"].includes(properties.get("WatchdogUSec") ?? "");
}

/** Of a property that is a list. */
function wordsOf({ properties }: Unit, name: string): string[] {
  return (properties.get(name) ?? "").split(" ").filter((word) => word !== "");
}

function isWithin(path: string, above: string): boolean {
  return path === above || path.startsWith(`${above}/`);
}

function unlessOneOf(unit: Unit, name: string, good: readonly string[]): Found[] {
  return good.includes(unit.properties.get(name) ?? "") ? [] : [property(unit, name)];
}

function property({ name, properties }: Facts["unit"], key: string): Found {
  const value = properties.get(key) ?? "";
  return { where: name, found: `${key}=${value.slice(0, 200)}` };
}
