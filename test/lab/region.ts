/** One region of the lab's Internet: a transit router, a PoP behind it, and a client. */
import { addressPlan, meshAddress } from "./addresses.ts";
import { type Router, startRouter } from "./bird.ts";
import type { RouterSession } from "./bird-config.ts";
import type { Lab } from "./lab.ts";
import { connectNamespaces, type Namespace } from "./namespace.ts";
import { ANYCAST, createPop, type Pop, type PopOptions } from "./pop.ts";

/** The transit router's names of its sessions with the PoP. */
export const POP_SESSION = { ipv4: "pop4", ipv6: "pop6" } as const;

export interface RegionSite {
  readonly index: number;
  readonly name: string;
  readonly transit: Namespace;
  readonly popNamespace: Namespace;
  /** Absent where nobody asks. */
  readonly clientNamespace?: Namespace;
}

/** Namespaces, cables and default routes; no program runs yet. */
export async function buildSite(
  lab: Lab,
  { index, name, hasClient }: { index: number; name: string; hasClient: boolean },
): Promise<RegionSite> {
  const numbers = addressPlan(index);
  const transit = await lab.addNamespace(`${name}-transit`);
  const popNamespace = await lab.addNamespace(`${name}-pop`);
  await connectNamespaces(
    {
      namespace: transit,
      interfaceName: "pop",
      addresses: [`${numbers.transit.ipv4}/24`, `${numbers.transit.ipv6}/64`],
    },
    {
      namespace: popNamespace,
      interfaceName: "uplink",
      addresses: [`${numbers.pop.ipv4}/24`, `${numbers.pop.ipv6}/64`],
    },
  );
  await popNamespace.ip([
    `address add ${ANYCAST.ipv4.address}/32 dev lo`,
    `address add ${ANYCAST.ipv6.address}/128 dev lo nodad`,
    `route add default via ${numbers.transit.ipv4}`,
    `route add default via ${numbers.transit.ipv6}`,
  ]);
  if (!hasClient) return { index, name, transit, popNamespace };

  const clientNamespace = await lab.addNamespace(`${name}-client`);
  await connectNamespaces(
    {
      namespace: transit,
      interfaceName: "client",
      addresses: [`${numbers.clientGateway.ipv4}/24`, `${numbers.clientGateway.ipv6}/64`],
    },
    {
      namespace: clientNamespace,
      interfaceName: "uplink",
      addresses: [`${numbers.client.ipv4}/24`, `${numbers.client.ipv6}/64`],
    },
  );
  await clientNamespace.ip([
    `route add default via ${numbers.clientGateway.ipv4}`,
    `route add default via ${numbers.clientGateway.ipv6}`,
  ]);
  return { index, name, transit, popNamespace, clientNamespace };
}

/** A cable between two transit routers; each side's interface is named after the other. */
export async function connectTransits(a: RegionSite, b: RegionSite): Promise<void> {
  await connectNamespaces(
    {
      namespace: a.transit,
      interfaceName: b.name,
      addresses: [`${meshAddress(a, b).ipv4}/24`, `${meshAddress(a, b).ipv6}/64`],
    },
    {
      namespace: b.transit,
      interfaceName: a.name,
      addresses: [`${meshAddress(b, a).ipv4}/24`, `${meshAddress(b, a).ipv6}/64`],
    },
  );
}

/** Starts the site's router, with sessions to its PoP and to the other transits. */
export function startTransit(
  lab: Lab,
  site: RegionSite,
  others: readonly RegionSite[],
): Promise<Router> {
  const { transitAs, popAs, transit, pop } = addressPlan(site.index);
  const families = ["ipv4", "ipv6"] as const;
  const sessions: RouterSession[] = [
    ...families.map((family): RouterSession => ({
      name: POP_SESSION[family],
      localAddress: transit[family],
      peerAddress: pop[family],
      peerAs: popAs,
      role: "pop",
    })),
    ...others.flatMap((other) =>
      families.map((family): RouterSession => ({
        name: meshSession(other, family),
        localAddress: meshAddress(site, other)[family],
        peerAddress: meshAddress(other, site)[family],
        peerAs: addressPlan(other.index).transitAs,
        role: "transit",
      })),
    ),
  ];
  return startRouter(lab, site.transit, `${site.name}-transit`, {
    routerId: transit.ipv4,
    localAs: transitAs,
    customers: site.clientNamespace === undefined ? [] : ["client"],
    sessions,
  });
}

/** The name that a transit router gives to its session with another region's. */
export function meshSession(other: { readonly name: string }, family: "ipv4" | "ipv6"): string {
  return `${other.name}${family === "ipv4" ? 4 : 6}`;
}

/** Not started yet. */
export function createSitePop(
  lab: Lab,
  site: RegionSite,
  options: Omit<PopOptions, "name" | "link">,
): Pop {
  const { popAs, transitAs, transit, pop } = addressPlan(site.index);
  return createPop(lab, site.popNamespace, {
    ...options,
    name: `${site.name}1`,
    link: {
      ROUTER_ID: pop.ipv4,
      LOCAL_AS: String(popAs),
      PEER_AS: String(transitAs),
      LOCAL_IPV4: pop.ipv4,
      PEER_IPV4: transit.ipv4,
      LOCAL_IPV6: pop.ipv6,
      PEER_IPV6: transit.ipv6,
    },
  });
}
