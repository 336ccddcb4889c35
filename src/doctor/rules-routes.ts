/** Where anyctl.yaml and exabgp.conf must agree: else a route goes to nobody, or is refused. */
import type { LoadedConfig } from "../config/load.ts";
import { parseAddress } from "../config/prefix.ts";
import type { NeighborConf } from "../exabgp-conf/neighbor.ts";
import { agentNeighbors, type Conf } from "./host.ts";
import { canonical, managedPrefixes, type Managed } from "./prefixes.ts";
import { defineRule, type Found } from "./rule.ts";
import { at } from "./rules-neighbors.ts";

export const ROUTE_RULES = [
  defineRule({
    id: "family-missing",
    severity: "error",
    about: "no neighbor takes the address family of a prefix",
    why: "ExaBGP says done, and sends it to nobody.",
    mend: "Add the family (ipv4 unicast; or ipv6 unicast;) to a neighbor with an address of that family.",
    needs: ["conf", "config"],
    look: ({ conf, config }) =>
      managedPrefixes(config)
        .filter((managed) => neighborsFor(conf, managed).length > 0)
        .filter((managed) => !neighborsFor(conf, managed).some((one) => takes(one, managed)))
        .map(({ prefix, service }) => ({
          where: conf.path,
          found: `no neighbor has ipv${prefix.family} unicast for ${prefix.text} of service ${service}`,
        })),
  }),
  defineRule({
    id: "next-hop-self",
    severity: "error",
    about: "next-hop self is no IPv6 address on an IPv4 session",
    why: "ExaBGP 4.2.21 sends a next hop that makes the peer end the session, later ones refuse the line: the agent does not announce it there.",
    mend: "Give each family a session of its own, or name the next hops: next-hop: { ipv4: self, ipv6: ADDRESS }.",
    needs: ["conf", "config"],
    look: ({ conf, config }) =>
      managedPrefixes(config)
        // The other way round ExaBGP sends the router-id, which peers take.
        .filter(({ route, prefix }) => route.nextHop === "self" && prefix.family === 6)
        .flatMap((managed) => {
          const takers = neighborsFor(conf, managed).filter((one) => takes(one, managed));
          const { prefix, service } = managed;
          return takers
            .filter((one) => sessionFamily(one) === 4)
            .map((one) =>
              at(
                conf,
                one.line,
                one,
                `has no IPv${prefix.family} address for ${prefix.text} of service ${service}`,
              ),
            );
        }),
  }),
  defineRule({
    id: "local-as",
    severity: "error",
    about: "local-as of a service is not the session's",
    why: "Prepends are written with it: on eBGP the path must begin with the AS of the session (RFC 4271 section 6.3), else the peer may end it.",
    mend: "Give announce.local-as the local-as of exabgp.conf.",
    needs: ["conf", "config"],
    look: ({ conf, config }) => localAsFound(conf, config),
  }),
  defineRule({
    id: "local-preference",
    severity: "info",
    about: "local-preference goes to eBGP neighbors only",
    why: "LOCAL_PREF is never sent on eBGP (RFC 4271 section 5.1.5): it changes nothing.",
    mend: "Use med, prepends, or a community of the provider.",
    needs: ["conf", "config"],
    look: ({ conf, config }) =>
      services(
        managedPrefixes(config).filter((managed) => {
          const neighbors = neighborsFor(conf, managed);
          const has = managed.route.localPreference !== undefined;
          return has && neighbors.length > 0 && !neighbors.some(isInternal);
        }),
      ).map((service) => ({
        where: conf.path,
        found: `no neighbor of service ${service} is iBGP`,
      })),
  }),
  defineRule({
    id: "unknown-neighbor",
    severity: "error",
    about: "a service is announced to a neighbor that does not exist",
    why: "ExaBGP refuses the line, or sends it to fewer than meant.",
    mend: "Name neighbors as exabgp.conf does.",
    needs: ["conf", "config"],
    look: ({ conf, config }) => {
      const known = new Set(agentNeighbors(conf).map(({ address }) => canonical(address)));
      const wrong = managedPrefixes(config).flatMap(({ service, route }) =>
        (route.neighbors ?? [])
          .filter((address) => !known.has(canonical(address)))
          .map((address) => `service ${service} names ${address}`),
      );
      return [...new Set(wrong)].map((found) => ({ where: conf.path, found }));
    },
  }),
];

/** Those that would get the route. */
function neighborsFor(conf: Conf, { route }: Managed): readonly NeighborConf[] {
  const wanted = route.neighbors?.map(canonical);
  return agentNeighbors(conf).filter(
    ({ address }) => wanted === undefined || wanted.includes(canonical(address)),
  );
}

/** Without a family block ExaBGP offers all. */
function takes({ families }: NeighborConf, { prefix: { family } }: Managed): boolean {
  const names = new Set([`ipv${family} unicast`, "all", "minimal", `ipv${family} all`]);
  return families.length === 0 || families.some((one) => names.has(one));
}

function sessionFamily({ settings, address }: NeighborConf): 4 | 6 | undefined {
  const local = parseAddress(settings.get("local-address")?.value ?? "") ?? parseAddress(address);
  return local?.family;
}

function isInternal({ settings }: NeighborConf): boolean {
  return settings.get("local-as")?.value === settings.get("peer-as")?.value;
}

function localAsFound(conf: Conf, config: LoadedConfig): Found[] {
  const found = managedPrefixes(config).flatMap((managed) => {
    const { service } = managed;
    const own = managed.route.asPath?.[0];
    if (own === undefined) return [];
    return neighborsFor(conf, managed).flatMap((neighbor) => {
      const setting = neighbor.settings.get("local-as");
      if (setting === undefined || asNumber(setting.value) === own || setting.value === "auto") {
        return [];
      }
      const what = `has local-as ${setting.value.slice(0, 20)}, service ${service} has ${own}`;
      return [at(conf, setting.line, neighbor, what)];
    });
  });
  return [...new Map(found.map((one) => [one.found, one])).values()];
}

/** `1.10` is 65546 (RFC 5396). */
function asNumber(text: string): number {
  const [high = "", low] = text.split(".");
  return low === undefined ? Number(high) : Number(high) * 65_536 + Number(low);
}

function services(managed: readonly Managed[]): string[] {
  return [...new Set(managed.map(({ service }) => service))];
}
