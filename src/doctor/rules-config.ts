/** anyctl.yaml: what is refused, each kind with a word of its own, and what is unwise. */
import type { Problem } from "../config/problem.ts";
import type { Facts } from "./host.ts";
import { defineRule, type Found } from "./rule.ts";

type ConfigFile = Pick<Facts, "configFile">;

/** Which of the problems that the configuration itself tells are these. */
const KINDS = {
  "host-bits": ({ path, message }) => isPrefix(path) && message.includes("has host bits"),
  "prefix-length": ({ path, message }) => isPrefix(path) && message.includes("longer than the"),
  "special-space": ({ path, message }) => isPrefix(path) && message.includes("not for the"),
  "next-hop": ({ path }) => /\.next-hop(?:\.ipv[46])?$/.test(path),
  "hiding-community": ({ path, message }) =>
    /\.communities\[\d+\]$/.test(path) && message.includes("hides the service"),
} as const satisfies Readonly<Record<string, (problem: Problem) => boolean>>;

export const CONFIG_RULES = [
  defineRule({
    id: "config-invalid",
    severity: "error",
    about: "anyctl.yaml cannot be used",
    why: "An agent that starts with it goes on with the last good one, or announces nothing.",
    mend: "See anyctl config check, and docs/configuration.md.",
    needs: ["configFile"],
    look: ({ configFile: { problems } }) =>
      problems.filter((one) => !Object.values(KINDS).some((isOne) => isOne(one))).map(foundOf),
  }),
  defineRule({
    id: "config-unwise",
    severity: "warning",
    about: "anyctl.yaml can be used, but has something unwise in it",
    why: "Each says what; a timeout under 250ms fails healthy services on a busy host.",
    mend: "As it says.",
    needs: ["configFile"],
    look: ({ configFile: { warnings } }) => warnings.map(foundOf),
  }),
  defineRule({
    id: "host-bits",
    severity: "error",
    about: "a prefix has host bits",
    why: "It is not clear which prefix is meant: another may be announced than the one whose ROA exists.",
    mend: "Write the network's own address.",
    needs: ["configFile"],
    look: ofKind("host-bits"),
  }),
  defineRule({
    id: "prefix-length",
    severity: "error",
    about: "a prefix is longer than the Internet takes",
    why: "Longer than /24 and /48 is filtered nearly everywhere (RFC 7454 section 6.1.3): the service is reached by few.",
    mend: "Announce at most a /24 or /48, or set scope: local.",
    needs: ["configFile"],
    look: ofKind("prefix-length"),
  }),
  defineRule({
    id: "special-space",
    severity: "error",
    about: "a prefix is private, for documentation, or otherwise not for the Internet",
    why: "Others filter it, or it is yours only by accident (RFC 6890).",
    mend: "Announce your own space, or set scope: local.",
    needs: ["configFile"],
    look: ofKind("special-space"),
  }),
  defineRule({
    id: "next-hop",
    severity: "error",
    about: "a next hop is loopback, unspecified, multicast, or of the other family",
    why: "Nobody can reach it, and FRR ends the whole session (Martian nexthop).",
    mend: "Use self, or an address that the neighbor reaches.",
    needs: ["configFile"],
    look: ofKind("next-hop"),
  }),
  defineRule({
    id: "hiding-community",
    severity: "error",
    about: "a community hides the service",
    why: "65535:666 makes networks drop the traffic (RFC 7999); 20473:6000 keeps Vultr from telling the world.",
    mend: "Remove it, or set allow: [hide] on the service if that is meant.",
    needs: ["configFile"],
    look: ofKind("hiding-community"),
  }),
  defineRule({
    id: "hold",
    severity: "info",
    about: "a service that flaps comes back at once each time",
    why: "Routers with the usual damping suppress a prefix at its third withdrawal, for 22 to 48 min.",
    mend: "Set hold: damping-safe.",
    needs: ["config"],
    look: ({ config: { plan, files } }) =>
      plan.services
        .filter(({ hold }) => hold === undefined)
        .map(({ name }) => ({
          where: files[0]?.path ?? "anyctl.yaml",
          found: `service ${name} has no hold`,
        })),
  }),
];

function ofKind(kind: keyof typeof KINDS): (facts: ConfigFile) => readonly Found[] {
  return ({ configFile: { problems } }) => problems.filter(KINDS[kind]).map(foundOf);
}

function foundOf({ file, line, column, path, message, allowed }: Problem): Found {
  const key = path === "" ? "" : `${path}: `;
  const better = allowed === "" ? "" : `; allowed: ${allowed}`;
  return { where: `${file}:${line}:${column}`, found: `${key}${message}${better}` };
}

function isPrefix(path: string): boolean {
  return /\.prefixes\[\d+\]$/.test(path);
}
