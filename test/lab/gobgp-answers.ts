/** What GoBGP says about routes and sessions, as data. */
import { z } from "zod";
import { ORIGINS, type UpstreamChange, type UpstreamRoute } from "./upstream-types.ts";

const Nlri = z.looseObject({ prefix: z.string() });

/** Path attributes by their type codes (RFC 4271 section 5.1), each with fields of its own. */
const Attribute = z.looseObject({ type: z.number() });
type Attribute = z.infer<typeof Attribute>;

const AsPath = z.object({ as_paths: z.array(z.object({ asns: z.array(z.number()) })) });
const NextHop = z.object({ nexthop: z.string() });
const Value = z.object({ value: z.number() });
const Metric = z.object({ metric: z.number() });
const Communities = z.object({ communities: z.array(z.number()) });
const LargeCommunities = z.object({
  value: z.array(z.object({ ASN: z.number(), LocalData1: z.number(), LocalData2: z.number() })),
});
const ExtendedCommunities = z.object({
  value: z.array(z.object({ type: z.number(), subtype: z.number(), value: z.string() })),
});
/** The End-of-RIB marker of IPv6 has none (RFC 4724 section 2). */
const Prefixes = z.object({ value: z.array(Nlri).nullish() });

const CODES = {
  origin: 1,
  asPath: 2,
  nextHop: 3,
  med: 4,
  localPreference: 5,
  communities: 8,
  reach: 14,
  unreach: 15,
  extended: 16,
  large: 32,
} as const;

/** `gobgp global rib -j`. */
const Rib = z.record(
  z.string(),
  z.array(z.object({ attrs: z.array(Attribute), "neighbor-ip": z.string() })),
);

/** @param json What it prints when it has no route is no JSON. */
export function readGobgpRoutes(json: string): UpstreamRoute[] {
  if (!json.startsWith("{")) return [];
  return Object.entries(Rib.parse(JSON.parse(json))).flatMap(([prefix, paths]) =>
    paths.map((path) => readPath(prefix, path["neighbor-ip"], path.attrs)),
  );
}

function readPath(prefix: string, peer: string, attributes: readonly Attribute[]): UpstreamRoute {
  function find<T>(code: number, schema: z.ZodType<T>): T | undefined {
    const found = attributes.find(({ type }) => type === code);
    return found === undefined ? undefined : schema.parse(found);
  }
  const med = find(CODES.med, Metric)?.metric;
  const localPreference = find(CODES.localPreference, Value)?.value;
  return {
    prefix,
    peer,
    nextHop: (find(CODES.nextHop, NextHop) ?? find(CODES.reach, NextHop))?.nexthop ?? "",
    origin: ORIGINS[find(CODES.origin, Value)?.value ?? -1] ?? "incomplete",
    asPath: find(CODES.asPath, AsPath)?.as_paths.flatMap(({ asns }) => asns) ?? [],
    ...(med === undefined ? {} : { med }),
    ...(localPreference === undefined ? {} : { localPreference }),
    communities: (find(CODES.communities, Communities)?.communities ?? [])
      .map((bits) => `${bits >>> 16}:${bits & 0xff_ff}`)
      .toSorted(),
    largeCommunities: (find(CODES.large, LargeCommunities)?.value ?? [])
      .map((it) => `${it.ASN}:${it.LocalData1}:${it.LocalData2}`)
      .toSorted(),
    extendedCommunities: (find(CODES.extended, ExtendedCommunities)?.value ?? [])
      .map(({ subtype, value }) => `${subtype === 2 ? "target" : "origin"}:${plainAs(value)}`)
      .toSorted(),
  };
}

/** `64086.59904:7`, an AS number of four octets, is `4200000000:7` elsewhere; an IPv4 address has more dots. */
function plainAs(value: string): string {
  return value.replace(/^(\d+)\.(\d+):/, (_, high: string, low: string) => {
    return `${Number(high) * 0x1_00_00 + Number(low)}:`;
  });
}

/** `gobgp neighbor -j`. */
const Neighbors = z.array(
  z.object({
    state: z.object({ neighbor_address: z.string(), session_state: z.number().optional() }),
  }),
);
const ESTABLISHED = 6;

export function isGobgpSessionUp(json: string, peer: string): boolean {
  const found = Neighbors.parse(JSON.parse(json)).find((it) => it.state.neighbor_address === peer);
  return found?.state.session_state === ESTABLISHED;
}

/** A line of its log with `--log-level debug`. */
const Update = z.object({
  Key: z.string(),
  msg: z.literal("received update"),
  attributes: z.array(Attribute),
  nlri: z.array(Nlri),
  withdrawals: z.array(Nlri),
});

/** @returns Nothing for lines about anything else. */
export function parseGobgpLine(line: string): UpstreamChange[] {
  if (!line.includes('"received update"')) return [];
  const { Key: peer, attributes, nlri, withdrawals } = Update.parse(JSON.parse(line));
  const inAttribute = (code: number) =>
    attributes.filter(({ type }) => type === code).flatMap((it) => Prefixes.parse(it).value ?? []);
  const change = (kind: UpstreamChange["kind"]) => (it: { prefix: string }) => {
    return { peer, prefix: it.prefix, kind };
  };
  return [
    ...[...withdrawals, ...inAttribute(CODES.unreach)].map(change("withdrawn")),
    ...[...nlri, ...inAttribute(CODES.reach)].map(change("announced")),
  ];
}
