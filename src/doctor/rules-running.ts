/** What runs now: ExaBGP, the agent, the sessions. */
import { parseAddress } from "../config/prefix.ts";
import { agentNeighbors } from "./host.ts";
import { canonical } from "./prefixes.ts";
import { defineRule } from "./rule.ts";
import { at } from "./rules-neighbors.ts";

/** 4.2.17 to 5.0 work; 6.0 is unproved. */
const OLDEST = [4, 2, 17] as const;
const FIRST_UNPROVED = 6;

export const RUNNING_RULES = [
  defineRule({
    id: "exabgp-not-running",
    severity: "warning",
    about: "ExaBGP does not run",
    why: "Nothing is announced.",
    mend: "systemctl start exabgp; see journalctl -u exabgp.",
    needs: ["exabgp", "reach"],
    look: ({ exabgp, reach }) =>
      exabgp.length > 0 || reach.error === undefined
        ? []
        : [{ where: "/proc", found: "no process of this network namespace is ExaBGP" }],
  }),
  defineRule({
    id: "exabgp-twice",
    severity: "warning",
    about: "several ExaBGP run in this network namespace",
    why: "Two that have a session with one neighbor end each other's; a route of the second is not the agent's.",
    mend: "Stop the one that is not meant.",
    needs: ["exabgp"],
    look: ({ exabgp }) =>
      exabgp.length < 2
        ? []
        : [{ where: "/proc", found: `processes ${exabgp.map(({ pid }) => pid).join(", ")}` }],
  }),
  defineRule({
    id: "agent-silent",
    severity: "error",
    about: "ExaBGP runs, and the agent does not answer",
    why: "Its routes stay as they are, whatever happens to the services.",
    mend: "See journalctl SYSLOG_IDENTIFIER=anyctl and ExaBGP's log; is --config the agent's?",
    needs: ["exabgp", "reach"],
    look: ({ exabgp, reach: { socketPath, error } }) =>
      exabgp.length > 0 && error !== undefined ? [{ where: socketPath, found: error }] : [],
  }),
  defineRule({
    id: "exabgp-version",
    severity: "warning",
    about: "anyctl is not proved with this version of ExaBGP",
    why: "Older ones lack what the agent needs; 6.0 sends routes of unknown peers to others.",
    mend: "Use ExaBGP 4.2.17 to 5.0.",
    needs: ["agent"],
    look: ({ agent: { status } }) => {
      const { version } = status.exabgp;
      if (version === undefined) return [];
      const numbers = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(version)?.slice(1).map(Number) ?? [];
      const different = OLDEST.findIndex((oldest, part) => (numbers[part] ?? 0) !== oldest);
      const isOld = different >= 0 && (numbers[different] ?? 0) < (OLDEST[different] ?? 0);
      const isNew = (numbers[0] ?? 0) >= FIRST_UNPROVED;
      return isOld || isNew ? [{ where: "the agent's status", found: version }] : [];
    },
  }),
  defineRule({
    id: "exabgp-silent",
    severity: "error",
    about: "ExaBGP does not answer the agent",
    why: "Whether anything is announced or withdrawn is not known.",
    mend: "See ExaBGP's log; restart it if it hangs.",
    needs: ["agent"],
    look: ({ agent: { status } }) =>
      status.exabgp.phase === "ready"
        ? []
        : [{ where: "the agent's status", found: `phase ${status.exabgp.phase}` }],
  }),
  defineRule({
    id: "acks-missing",
    severity: "error",
    about: "ExaBGP gives the agent no answers to commands",
    why: "Whether a withdrawal was taken stays unknown.",
    mend: "Set ack = true under [exabgp.api] and restart ExaBGP.",
    needs: ["agent"],
    look: ({ agent: { status } }) =>
      status.exabgp.acks === "off" ? [{ where: "the agent's status", found: "acks off" }] : [],
  }),
  defineRule({
    id: "agent-version",
    severity: "warning",
    about: "the agent is of another version than this command",
    why: "An upgrade is in force only when the agent has been started again.",
    mend: "Kill the agent (kill $(anyctl status --json | jq .agent.pid)): ExaBGP starts the new one, and no route changes.",
    needs: ["agent"],
    look: ({ agent: { status, ownVersion } }) =>
      status.agent.version === ownVersion
        ? []
        : [{ where: "the agent's status", found: `${status.agent.version}, here ${ownVersion}` }],
  }),
  defineRule({
    id: "session-down",
    severity: "error",
    about: "a BGP session is not up",
    why: "Nothing of this PoP is announced to that neighbor.",
    mend: "See the link, the router, and ExaBGP's log: AS numbers, addresses, password, hop count.",
    needs: ["agent"],
    look: ({ agent: { status } }) =>
      status.sessions
        .filter(({ state }) => state !== "up")
        .map(({ neighbor, state, reason }) => ({
          where: `neighbor ${neighbor}`,
          found: reason === "" ? state : `${state}: ${reason}`,
        })),
  }),
  defineRule({
    id: "session-never-up",
    severity: "error",
    about: "the agent has heard of no session with a neighbor of exabgp.conf",
    why: "ExaBGP 4.2 tells nothing of a session that was never up, as with a wrong password: that neighbor hears nothing of this PoP.",
    mend: "See ExaBGP's log, the link and the router; if the neighbor is new in the file, restart ExaBGP.",
    needs: ["agent", "conf"],
    look: ({ agent: { status }, conf }) => {
      const told = new Set(status.sessions.map(({ neighbor }) => canonical(neighbor)));
      return agentNeighbors(conf)
        .filter(({ address }) => parseAddress(address) !== undefined)
        .filter(({ address }) => !told.has(canonical(address)))
        .map((neighbor) => at(conf, neighbor.line, neighbor, "has had no session"));
    },
  }),
  defineRule({
    id: "session-unknown",
    severity: "warning",
    about: "the agent has heard of no session",
    why: "Either none was ever up, or ExaBGP does not tell (neighbor-changes).",
    mend: "See ExaBGP's log, and the rule neighbor-changes.",
    needs: ["agent"],
    look: ({ agent: { status } }) =>
      status.sessions.length > 0 ? [] : [{ where: "the agent's status", found: "no session" }],
  }),
  defineRule({
    id: "config-not-in-force",
    severity: "error",
    about: "the agent works with an older configuration",
    why: "What the file says is not what is announced.",
    mend: "See anyctl config check, then anyctl reload.",
    needs: ["agent"],
    look: ({ agent: { status } }) =>
      status.config.current ? [] : [{ where: status.config.path, found: "is not in force" }],
  }),
  defineRule({
    id: "route-refused",
    severity: "error",
    about: "ExaBGP has refused a route, or not answered",
    why: "It is announced, or withdrawn, against what is wanted.",
    mend: "See anyctl audit for the line and the answer.",
    needs: ["agent"],
    look: ({ agent: { status } }) =>
      status.services.flatMap(({ name, routes }) =>
        routes
          .filter(({ answer }) => answer === "failed")
          .map(({ prefix, told }) => ({
            where: `service ${name}`,
            found: `${prefix} ${told === "withdrawn" ? "withdrawal" : "announcement"} failed`,
          })),
      ),
  }),
  defineRule({
    id: "agent-problem",
    severity: "warning",
    about: "the agent itself reports a problem",
    why: "Each says what.",
    mend: "See docs/status.md for the word.",
    needs: ["agent"],
    look: ({ agent: { status } }) =>
      status.problems.map(({ word, detail }) => ({ where: `problem ${word}`, found: detail })),
  }),
  defineRule({
    id: "drained",
    severity: "info",
    about: "something is drained",
    why: "It is not announced, by order.",
    mend: "anyctl undrain, when the work is done.",
    needs: ["agent"],
    look: ({ agent: { status } }) =>
      status.drains.map(({ service, kind, by, reason }) => ({
        where: service === "_all" ? "the whole PoP" : `service ${service}`,
        found: `${kind === "window" ? "by a maintenance window" : `by ${by}`}: ${reason}`,
      })),
  }),
];
