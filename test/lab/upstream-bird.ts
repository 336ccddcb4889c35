/** BIRD 2 as an upstream. What it heard is read from its MRT file: the messages themselves. */
import { startRouter } from "./bird.ts";
import { parseRoutes, parseSession, type RouterRoute } from "./bird-routes.ts";
import type { Lab } from "./lab.ts";
import type { Namespace } from "./namespace.ts";
import {
  originOf,
  type Upstream,
  type UpstreamConfig,
  upstreamFrom,
  type UpstreamRoute,
} from "./upstream-types.ts";

export async function createBirdUpstream(
  lab: Lab,
  namespace: Namespace,
  { name, routerId, localAs, sessions, ways = [], more = "" }: UpstreamConfig,
): Promise<Upstream> {
  const named = sessions.map((session, at) => ({ ...session, session: `pop_${at}` }));
  const router = await startRouter(lab, namespace, name, {
    routerId,
    localAs,
    // The next hop of a neighbor far away is looked up in BIRD's own table: it must know the cables and the ways beyond.
    customers: ["*"],
    more: `${ways.map(wayConfig).join("")}${more}`,
    sessions: named.map(({ session, password, multihop, ...rest }) => ({
      ...rest,
      name: session,
      role: "pop",
      ...(password === undefined ? {} : { password }),
      ...(multihop === undefined ? {} : { multihop }),
    })),
  });
  function sessionOf(peer: string): string {
    const found = named.find(({ peerAddress }) => peerAddress === peer);
    if (found === undefined) throw new Error(`Cannot find neighbor ${peer} of ${name}`);
    return found.session;
  }
  return upstreamFrom({
    name,
    logFile: router.logFile,
    async routes() {
      const routes = parseRoutes(await router.ask("show route all"));
      return routes.flatMap((route) => {
        const peer = named.find(({ session }) => session === route.session)?.peerAddress;
        return peer === undefined ? [] : [readRoute(route, peer)];
      });
    },
    isUp: async (peer) =>
      parseSession(await router.ask(`show protocols all ${sessionOf(peer)}`)).isUp,
    changes: () => router.wireUpdates(),
    async setSession(peer, wanted) {
      await router.ask(`${wanted === "enabled" ? "enable" : "disable"} ${sessionOf(peer)}`);
    },
  });
}

function wayConfig({ to, via }: { to: string; via: string }, at: number): string {
  return `protocol static way${at} { ${to.includes(":") ? "ipv6" : "ipv4"}; route ${to} via ${via}; }\n`;
}

function readRoute({ prefix, attributes }: RouterRoute, peer: string): UpstreamRoute {
  const [med, localPreference] = ["med", "local_pref"].map((key) => attributes.get(key));
  return {
    prefix,
    peer,
    // IPv6: the global address stands first, the link-local one behind it.
    nextHop: attributes.get("next_hop")?.split(" ")[0] ?? "",
    origin: originOf(attributes.get("origin") ?? ""),
    asPath: (attributes.get("as_path") ?? "").split(" ").filter(Boolean).map(Number),
    ...(med === undefined ? {} : { med: Number(med) }),
    ...(localPreference === undefined ? {} : { localPreference: Number(localPreference) }),
    communities: tuples(attributes.get("community")),
    largeCommunities: tuples(attributes.get("large_community")),
    extendedCommunities: tuples(attributes.get("ext_community")).map((text) =>
      text.replace(/^rt:/, "target:").replace(/^ro:/, "origin:"),
    ),
  };
}

/** `(64496,1) (65535,0)` and `(rt, 64496, 7)`. */
function tuples(text = ""): string[] {
  return [...text.matchAll(/\(([^)]*)\)/g)]
    .map(([, inner = ""]) => inner.replaceAll(/,\s*/g, ":"))
    .toSorted();
}
