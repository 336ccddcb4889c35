/** The lab of `npm start`: three regions of a small Internet, each with transit router, PoP and client. */
import type { Router } from "./bird.ts";
import { type Client, startClient } from "./client.ts";
import { createLab, type Lab } from "./lab.ts";
import { ANYCAST, type Pop, type PopOptions } from "./pop.ts";
import {
  buildSite,
  connectTransits,
  createSitePop,
  meshSession,
  type RegionSite,
  startTransit,
} from "./region.ts";
import type { WaitOptions } from "./wait.ts";

export interface Region {
  readonly name: string;
  readonly transit: Router;
  /** Named after the region: `fra1`. */
  readonly pop: Pop;
  readonly client: Client;
}

export type RegionName = (typeof REGION_NAMES)[number];

const REGION_NAMES = ["fra", "ams", "nyc"] as const;

export interface Topology {
  readonly lab: Lab;
  readonly regions: Readonly<Record<RegionName, Region>>;
  /** Resolves when every client is answered by its own region's PoP, over IPv4 and IPv6. */
  readonly waitUntilAtHome: (options?: WaitOptions) => Promise<void>;
}

/** Resolves when all programs run; routes and sessions come up after that. Removes everything when it fails half way. */
export async function createTopology(
  options: Pick<PopOptions, "config" | "agent"> = {},
): Promise<Topology> {
  const lab = createLab();
  try {
    const sites = await Promise.all(
      REGION_NAMES.map((name, at) => buildSite(lab, { index: at + 1, name, hasClient: true })),
    );
    for (const [at, site] of sites.entries()) {
      for (const other of sites.slice(at + 1)) await connectTransits(site, other);
    }
    const regions = await Promise.all(sites.map((site) => startRegion(lab, site, sites, options)));
    const [fra, ams, nyc] = regions;
    if (fra === undefined || ams === undefined || nyc === undefined)
      throw new RangeError("regions");
    return {
      lab,
      regions: { fra, ams, nyc },
      async waitUntilAtHome(waitOptions = { deadlineMs: 20_000 }) {
        await Promise.all(regions.map((region) => waitForTransit(region, regions, waitOptions)));
        await Promise.all(
          regions.flatMap(({ client, pop }) => [
            client.waitForAnswer(ANYCAST.ipv4.url, pop.name, waitOptions),
            client.waitForAnswer(ANYCAST.ipv6.url, pop.name, waitOptions),
          ]),
        );
      },
    };
  } catch (error) {
    await lab.remove();
    throw error;
  }
}

async function startRegion(
  lab: Lab,
  site: RegionSite,
  sites: readonly RegionSite[],
  options: Pick<PopOptions, "config" | "agent">,
): Promise<Region> {
  const { name, clientNamespace } = site;
  if (clientNamespace === undefined) throw new Error(`Cannot ask in ${name}: it has no client`);
  const others = sites.filter((it) => it !== site);
  const pop = createSitePop(lab, site, options);
  const [transit, client] = await Promise.all([
    startTransit(lab, site, others),
    startClient(lab, clientNamespace, `${name} client`),
    pop.web.start(),
  ]);
  await pop.exabgp.start();
  return { name, transit, pop, client };
}

/** A region whose transit router knows no other way has nowhere to go when its PoP leaves. */
async function waitForTransit(
  { transit, name }: Region,
  regions: readonly Region[],
  options: WaitOptions,
): Promise<void> {
  for (const other of regions.filter((it) => it.name !== name)) {
    await transit.waitForRoute(ANYCAST.ipv4.prefix, meshSession(other, "ipv4"), options);
    await transit.waitForRoute(ANYCAST.ipv6.prefix, meshSession(other, "ipv6"), options);
  }
}
