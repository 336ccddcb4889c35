/** What FRR says about routes and sessions, as data. */
import { z } from "zod";
import { originOf, type UpstreamChange, type UpstreamRoute } from "./upstream-types.ts";

const Path = z.object({
  /** Whether the next hop can be reached, as zebra says. */
  valid: z.literal(true),
  aspath: z.object({ segments: z.array(z.object({ list: z.array(z.number()) })) }),
  origin: z.string(),
  metric: z.number().optional(),
  locPrf: z.number().optional(),
  community: z.object({ string: z.string() }).optional(),
  largeCommunity: z.object({ string: z.string() }).optional(),
  extendedCommunity: z.object({ string: z.string() }).optional(),
  nexthops: z.array(z.object({ ip: z.string(), scope: z.string().optional() })),
  peer: z.object({ peerId: z.string() }),
});

/** `show bgp … unicast json detail`: each list begins with a head, which has no path; what is not valid is not used. */
const Routes = z.object({
  routes: z.record(z.string(), z.array(z.union([Path, z.looseObject({})]))),
});

/** `show bgp … summary json` of one family. */
const Summary = z.object({ peers: z.record(z.string(), z.object({ state: z.string() })) });

/** FRR's names; Debian's 8.4 has no way to print the numbers. */
const NAMES: Readonly<Record<string, string>> = {
  internet: "0:0",
  "graceful-shutdown": "65535:0",
  "accept-own": "65535:1",
  "llgr-stale": "65535:6",
  "no-llgr": "65535:7",
  blackhole: "65535:666",
  "no-export": "65535:65281",
  "no-advertise": "65535:65282",
  "local-AS": "65535:65283",
  "no-peer": "65535:65284",
};

export function readFrrRoutes(json: string): UpstreamRoute[] {
  return Object.entries(Routes.parse(JSON.parse(json)).routes).flatMap(([prefix, paths]) =>
    paths.flatMap((path) => {
      const parsed = Path.safeParse(path);
      return parsed.success ? [readPath(prefix, parsed.data)] : [];
    }),
  );
}

function readPath(prefix: string, path: z.infer<typeof Path>): UpstreamRoute {
  const { metric, locPrf, nexthops } = path;
  // IPv6: the link-local next hop may stand beside the global one.
  const global = nexthops.find(({ scope }) => scope !== "link-local");
  return {
    prefix,
    peer: path.peer.peerId,
    nextHop: global?.ip ?? "",
    origin: originOf(path.origin),
    asPath: path.aspath.segments.flatMap(({ list }) => list),
    ...(metric === undefined ? {} : { med: metric }),
    ...(locPrf === undefined ? {} : { localPreference: locPrf }),
    communities: words(path.community?.string)
      .map((word) => NAMES[word] ?? word)
      .toSorted(),
    largeCommunities: words(path.largeCommunity?.string).toSorted(),
    extendedCommunities: words(path.extendedCommunity?.string)
      .map((word) => word.replace(/^RT:/, "target:").replace(/^SoO:/, "origin:"))
      .toSorted(),
  };
}

/** Whether the session with `peer` is established, as `show bgp … summary json` of its family says. */
export function isFrrSessionUp(json: string, peer: string): boolean {
  const summary = Summary.safeParse(JSON.parse(json));
  return summary.success && summary.data.peers[peer]?.state === "Established";
}

/**
 * A line of its log with `debug bgp updates in`. A route that FRR refuses is `DENIED`: it was announced nevertheless.
 *
 * @returns Undefined for lines about anything else.
 */
export function parseFrrLine(line: string): UpstreamChange | undefined {
  const found =
    / (\S+?)\(\S*\) rcvd (?:UPDATE about )?(\S+\/\d+) IPv[46] unicast(?: -- (withdrawn|DENIED))?/.exec(
      line,
    );
  const [, peer, prefix, verdict] = found ?? [];
  if (peer === undefined || prefix === undefined) return undefined;
  return { peer, prefix, kind: verdict === "withdrawn" ? "withdrawn" : "announced" };
}

function words(text = ""): string[] {
  return text.split(" ").filter(Boolean);
}
