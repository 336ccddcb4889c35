/** exabgp.env, and the environment of ExaBGP, which overrules it. */
import { isEnabled, type EnvSetting } from "../exabgp-conf/env.ts";
import type { Facts } from "./host.ts";
import { defineRule, type Found } from "./rule.ts";

export const ENV_RULES = [
  defineRule({
    id: "acks-off",
    severity: "error",
    about: "ExaBGP does not acknowledge commands",
    why: "Whether a withdrawal was taken stays unknown; --wait and records say nothing about it.",
    mend: "Set ack = true under [exabgp.api], or remove it: true is the default.",
    needs: ["env"],
    look: ({ env }) => unlike(env, "api.ack", true),
  }),
  defineRule({
    id: "respawn-off",
    severity: "error",
    about: "ExaBGP does not start processes again",
    why: "After the agent's death its routes stay as they are for ever; and with neighbor-changes the next change of a session crashes ExaBGP 4.2 and 5.0.",
    mend: "Set respawn = true under [exabgp.api], or remove it.",
    needs: ["env"],
    look: ({ env }) => unlike(env, "api.respawn", true),
  }),
  defineRule({
    id: "log-off",
    severity: "error",
    about: "ExaBGP's log is off",
    why: "Version 4.2.21 crashes with it, and then all sessions drop.",
    mend: "Set enable = true under [exabgp.log]; level = WARNING makes it quiet.",
    needs: ["env"],
    look: ({ env }) => unlike(env, "log.enable", true),
  }),
  defineRule({
    id: "daemonize",
    severity: "warning",
    about: "ExaBGP goes into the background",
    why: "systemd loses sight of it, and its log and the agent's go nowhere.",
    mend: "Set daemonize = false under [exabgp.daemon].",
    needs: ["env"],
    look: ({ env }) => unlike(env, "daemon.daemonize", false),
  }),
  defineRule({
    id: "tcp-once",
    severity: "error",
    about: "ExaBGP tries to connect once only",
    why: "The first session that drops never comes back.",
    mend: "Set once = false under [exabgp.tcp]; it is for debugging.",
    needs: ["env"],
    look: ({ env }) => unlike(env, "tcp.once", false),
  }),
  defineRule({
    id: "tcp-delay",
    severity: "warning",
    about: "ExaBGP waits for a minute of the hour before it announces",
    why: "A PoP that is restarted stays out that long.",
    mend: "Set delay = 0 under [exabgp.tcp].",
    needs: ["env"],
    look: ({ env }) => {
      const setting = env.settings.get("tcp.delay");
      if (setting === undefined || Number(setting.value) === 0) return [];
      return [found(env, "tcp.delay", setting)];
    },
  }),
  defineRule({
    id: "api-cli",
    severity: "info",
    about: "ExaBGP takes commands from a pipe too",
    why: "Who may write into it can announce and withdraw past the agent; reconciling mends only what the agent owns.",
    mend: "Set cli = false under [exabgp.api], unless you use exabgpcli.",
    needs: ["env"],
    look: ({ env }) => {
      const setting = env.settings.get("api.cli");
      if (setting === undefined) return [{ where: env.path, found: "api.cli is on by default" }];
      return isEnabled(setting) ? [found(env, "api.cli", setting)] : [];
    },
  }),
];

/** What is set, and not as it should be. */
function unlike(env: Facts["env"], name: string, wanted: boolean): Found[] {
  const setting = env.settings.get(name);
  return setting === undefined || isEnabled(setting) === wanted ? [] : [found(env, name, setting)];
}

function found({ path }: Facts["env"], name: string, { value, line }: EnvSetting): Found {
  const where = line === 0 ? "the environment of ExaBGP" : `${path}:${line}`;
  return { where, found: `${name} is ${JSON.stringify(value.slice(0, 40))}` };
}
