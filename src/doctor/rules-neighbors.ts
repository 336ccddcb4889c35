/** Neighbors of exabgp.conf: sessions that outlive the PoP, or announce what no check decides about. */
import { parsePrefix } from "../config/prefix.ts";
import type { NeighborConf } from "../exabgp-conf/neighbor.ts";
import { isOn } from "../exabgp-conf/setting.ts";
import { agentNeighbors, type Conf } from "./host.ts";
import { managedPrefixes, overlaps } from "./prefixes.ts";
import { defineRule, type Found } from "./rule.ts";

/** A hung ExaBGP is believed that long. */
const HOLD_MAX_S = 90;
const HOLD_GOOD_S = 30;

/** ExaBGP's own. */
const HOLD_DEFAULT_S = 180;

export const NEIGHBOR_RULES = [
  defineRule({
    id: "graceful-restart",
    severity: "error",
    about: "graceful restart is offered",
    why: "The peer keeps the routes of a dead PoP for the restart time: with 60 s they stayed 60 s.",
    mend: "Remove graceful-restart from the capability block.",
    needs: ["conf"],
    look: ({ conf }) =>
      conf.neighbors.flatMap((neighbor) => {
        const setting = neighbor.capabilities.get("graceful-restart");
        if (setting === undefined || !isOn(setting)) return [];
        return [at(conf, setting.line, neighbor, "offers graceful-restart")];
      }),
  }),
  defineRule({
    id: "static-route",
    severity: "error",
    about: "exabgp.conf announces a managed prefix, or a part of one, by itself",
    why: "What stands there is announced whatever the checks say: a dead PoP keeps its traffic.",
    mend: "Remove the route from static or announce; the agent announces the prefix.",
    needs: ["conf", "config"],
    look: ({ conf, config }) => staticRoutes(conf, managedPrefixes(config), "part"),
  }),
  defineRule({
    id: "static-cover",
    severity: "warning",
    about: "exabgp.conf announces a route that covers a managed prefix",
    why: "When the agent withdraws, traffic still comes here by the shorter prefix, unless another PoP announces the longer one.",
    mend: "Remove it, or make sure that every such prefix stays announced elsewhere.",
    needs: ["conf", "config"],
    look: ({ conf, config }) => staticRoutes(conf, managedPrefixes(config), "cover"),
  }),
  defineRule({
    id: "hold-time",
    severity: "error",
    about: `the hold time is 0 or longer than ${HOLD_MAX_S} s`,
    why: "So long the peer sends packets to a PoP whose ExaBGP hangs (RFC 4271 section 4.2: 0 is for ever; ExaBGP's default is 180 s).",
    mend: `Set hold-time ${HOLD_GOOD_S} or less, at least 3.`,
    needs: ["conf"],
    look: ({ conf }) =>
      holdTimes(conf, (seconds) => seconds === 0 || seconds > HOLD_MAX_S || Number.isNaN(seconds)),
  }),
  defineRule({
    id: "hold-time-long",
    severity: "warning",
    about: `the hold time is longer than ${HOLD_GOOD_S} s`,
    why: "So long the peer sends packets to a PoP whose ExaBGP hangs.",
    mend: `Set hold-time ${HOLD_GOOD_S} or less towards transit.`,
    needs: ["conf"],
    look: ({ conf }) =>
      holdTimes(conf, (seconds) => seconds > HOLD_GOOD_S && seconds <= HOLD_MAX_S),
  }),
  defineRule({
    id: "adj-rib-out",
    severity: "error",
    about: "ExaBGP keeps no routes for a neighbor",
    why: "After a session flap they are not sent again, and the agent cannot see what is held.",
    mend: "Remove adj-rib-out false.",
    needs: ["conf"],
    look: ({ conf }) => switchedOff(conf, "adj-rib-out"),
  }),
  defineRule({
    id: "auto-flush",
    severity: "error",
    about: "routes wait for a flush",
    why: "A withdrawal is not sent until somebody writes flush; the agent never does.",
    mend: "Remove auto-flush false.",
    needs: ["conf"],
    look: ({ conf }) => switchedOff(conf, "auto-flush"),
  }),
  defineRule({
    id: "group-updates",
    severity: "info",
    about: "each route has an UPDATE of its own",
    why: "Many prefixes of equal attributes take longer to announce and to withdraw.",
    mend: "Remove group-updates false, unless the peer needs it.",
    needs: ["conf"],
    look: ({ conf }) => switchedOff(conf, "group-updates"),
  }),
  defineRule({
    id: "passive",
    severity: "warning",
    about: "ExaBGP waits for a neighbor to connect",
    why: "After a restart the PoP is out until the peer tries again, which may take minutes.",
    mend: "Remove passive, unless the provider requires it.",
    needs: ["conf"],
    look: ({ conf }) =>
      conf.neighbors.flatMap((neighbor) => {
        const setting = neighbor.settings.get("passive");
        if (setting === undefined || !isOn(setting)) return [];
        return [at(conf, setting.line, neighbor, "is passive")];
      }),
  }),
];

/** @param what What the neighbor is or does. */
export function at({ path }: Conf, line: number, { address }: NeighborConf, what: string): Found {
  return { where: `${path}:${line}`, found: `neighbor ${address} ${what}` };
}

function holdTimes(conf: Conf, isFound: (seconds: number) => boolean): Found[] {
  return agentNeighbors(conf).flatMap((neighbor) => {
    const setting = neighbor.settings.get("hold-time");
    const seconds = setting === undefined ? HOLD_DEFAULT_S : Number(setting.value || Number.NaN);
    if (!isFound(seconds)) return [];
    const written =
      setting === undefined ? `${HOLD_DEFAULT_S}, the default` : setting.value.slice(0, 20);
    return [at(conf, setting?.line ?? neighbor.line, neighbor, `has hold-time ${written}`)];
  });
}

function switchedOff(conf: Conf, name: string): Found[] {
  return agentNeighbors(conf).flatMap((neighbor) => {
    const setting = neighbor.settings.get(name);
    return setting === undefined || isOn(setting)
      ? []
      : [at(conf, setting.line, neighbor, `has ${name} ${setting.value}`)];
  });
}

function staticRoutes(
  conf: Conf,
  managed: ReturnType<typeof managedPrefixes>,
  kind: "part" | "cover",
): Found[] {
  return conf.neighbors.flatMap((neighbor) =>
    neighbor.routes.flatMap(({ prefix: text, line }) => {
      const prefix = parsePrefix(text);
      if (prefix === undefined) return [];
      const touched = managed.filter(({ prefix: own }) => overlaps(own, prefix));
      const first = touched.find(
        ({ prefix: own }) => prefix.length < own.length === (kind === "cover"),
      );
      if (first === undefined) return [];
      const whose = `${first.prefix.text} of service ${first.service}`;
      return [at(conf, line, neighbor, `announces ${prefix.text} by itself: ${whose}`)];
    }),
  );
}
