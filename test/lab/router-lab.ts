/** One PoP and its upstreams, each of another program if wanted: policies, passwords and distances are the test's. */
import { createLab, type Lab } from "./lab.ts";
import { connectNamespaces, type Namespace } from "./namespace.ts";
import { ANYCAST, createPop, type Pop, type PopOptions } from "./pop.ts";
import type { Family } from "./template.ts";
import { startUpstream, type UpstreamProgram } from "./upstream.ts";
import type { Upstream, UpstreamConfig } from "./upstream-types.ts";

export const POP_AS = 64_496;

export interface RouterLab {
  readonly lab: Lab;
  readonly pop: Pop;
  /** In the order of the options. */
  readonly upstreams: readonly RouterLink[];
  readonly remove: () => Promise<void>;
}

/** An upstream, and where it and the PoP meet. */
export interface RouterLink {
  readonly router: Upstream;
  readonly namespace: Namespace;
  /** The addresses of the PoP: the router's neighbors. */
  readonly popSide: Readonly<Record<Family, string>>;
  /** The addresses of the router: ExaBGP's neighbors. */
  readonly routerSide: Readonly<Record<Family, string>>;
}

export interface RouterLinkOptions extends Pick<UpstreamConfig, "more"> {
  readonly program: UpstreamProgram;
  /** The AS of the upstream; that of the PoP makes it iBGP. */
  readonly as: number;
  readonly password?: string;
  /** With 2, a router that speaks no BGP is between the two. */
  readonly multihop?: 2;
  readonly importPolicy?: string;
  /** Instead of `10.20.N.2` and `fd20:N::2`. Networks are /24 and /64. */
  readonly popSide?: Readonly<Record<Family, string>>;
  /** Instead of `10.20.N.1` and `fd20:N::1`, or `10.30.N.1` and `fd30:N::1` behind a hop. */
  readonly routerSide?: Readonly<Record<Family, string>>;
}

/** What a PoP is configured with; `exabgpConf` is the whole file, absent: a neighbor for each session. */
export interface RouterPopConfig {
  /** anyctl.yaml, as in `PopOptions`. */
  readonly config: string;
  readonly exabgpConf?: string;
}

/** The shortest that a router need not refuse is 3 s (RFC 4271 section 4.2); this is three keepalives of 3 s. */
export const HOLD_TIME_S = 9;

/** Its folder in the lab's. */
export const POP_NAME = "pop1";

const FAMILIES = ["ipv4", "ipv6"] as const;

/** Resolves when all programs run; sessions and routes come after that. Removes everything when it fails half way. */
export async function createRouterLab(
  options: readonly RouterLinkOptions[],
  configure: RouterPopConfig | ((lab: Lab, pop: Namespace) => Promise<RouterPopConfig>),
): Promise<RouterLab> {
  const lab = createLab();
  try {
    const popNamespace = await lab.addNamespace("pop");
    await popNamespace.ip([
      `address add ${ANYCAST.ipv4.address}/32 dev lo`,
      `address add ${ANYCAST.ipv6.address}/128 dev lo nodad`,
    ]);
    const upstreams: RouterLink[] = [];
    for (const [at, link] of options.entries()) {
      upstreams.push(await addUpstream(lab, popNamespace, at + 1, link));
    }
    const neighbors = upstreams.map((link, at) => neighborTexts(link, options[at]));
    const { config, exabgpConf } =
      typeof configure === "function" ? await configure(lab, popNamespace) : configure;
    const pop = createPop(lab, popNamespace, {
      config,
      name: POP_NAME,
      link: NO_NEIGHBOR,
      editExabgpConfig: (text) =>
        exabgpConf ??
        [text.slice(0, text.indexOf("\nneighbor ") + 1), ...neighbors.flat()].join("\n"),
    });
    await pop.web.start();
    await pop.exabgp.start();
    return { lab, pop, upstreams, remove: () => lab.remove() };
  } catch (error) {
    await lab.remove();
    throw error;
  }
}

/** The template's own neighbors are cut off. */
const NO_NEIGHBOR: PopOptions["link"] = {
  ROUTER_ID: "",
  LOCAL_AS: "",
  PEER_AS: "",
  LOCAL_IPV4: "",
  PEER_IPV4: "",
  LOCAL_IPV6: "",
  PEER_IPV6: "",
};

async function addUpstream(
  lab: Lab,
  pop: Namespace,
  index: number,
  { program, as, more, password, multihop, importPolicy, ...sides }: RouterLinkOptions,
): Promise<RouterLink> {
  const near = (host: number) => ({
    ipv4: `10.20.${index}.${host}`,
    ipv6: `fd20:${index}::${host}`,
  });
  const far = { ipv4: `10.30.${index}.1`, ipv6: `fd30:${index}::1` };
  const popSide = sides.popSide ?? near(2);
  const routerSide = sides.routerSide ?? (multihop === undefined ? near(1) : far);
  const namespace = await lab.addNamespace(`up${index}`);
  const popEnd = {
    namespace: pop,
    interfaceName: `up${index}`,
    addresses: withLengths(popSide),
  };
  const routerEnd = { namespace, interfaceName: "pop", addresses: withLengths(routerSide) };
  const ways: { to: string; via: string }[] = [];
  if (multihop === undefined) {
    await connectNamespaces(routerEnd, popEnd);
  } else {
    const [gateway, back] = [siblings(popSide, HOP), siblings(routerSide, HOP)];
    const hop = await lab.addNamespace(`hop${index}`);
    const hopEnd = { namespace: hop, interfaceName: "pop", addresses: withLengths(gateway) };
    const backEnd = { namespace: hop, interfaceName: "far", addresses: withLengths(back) };
    await connectNamespaces(hopEnd, popEnd);
    await connectNamespaces(backEnd, routerEnd);
    for (const family of FAMILIES) {
      const length = family === "ipv4" ? 24 : 64;
      const to = `${siblings(popSide, 0)[family]}/${length}`;
      ways.push({ to, via: back[family] });
      await pop.ip([`route add default via ${gateway[family]}`]);
      await namespace.ip([`route add ${to} via ${back[family]}`]);
    }
  }
  const router = await startUpstream(program, lab, namespace, {
    name: `up${index}`,
    routerId: routerSide.ipv4,
    localAs: as,
    sessions: FAMILIES.map((family) => ({
      localAddress: routerSide[family],
      peerAddress: popSide[family],
      peerAs: POP_AS,
      password,
      multihop,
      holdTimeS: HOLD_TIME_S,
      ...(importPolicy === undefined ? {} : { importPolicy }),
    })),
    ways,
    ...(more === undefined ? {} : { more }),
  });
  return { router, namespace, popSide, routerSide };
}

/** The router without BGP, in both of its networks. */
const HOP = 3;

/** Other addresses of the same networks; 0: the networks' own. */
function siblings({ ipv4, ipv6 }: Record<Family, string>, host: number): Record<Family, string> {
  const other = (address: string): string => address.replace(/\d+$/, String(host));
  return { ipv4: other(ipv4), ipv6: other(ipv6) };
}

function withLengths({ ipv4, ipv6 }: Record<Family, string>): string[] {
  return [`${ipv4}/24`, `${ipv6}/64`];
}

/** What ExaBGP is told of one upstream, a neighbor for each family. */
function neighborTexts(
  { popSide, routerSide }: RouterLink,
  { as, password, multihop }: Partial<RouterLinkOptions> = {},
): string[] {
  return FAMILIES.map(
    (family) => `neighbor ${routerSide[family]} {
  router-id ${popSide.ipv4};
  local-address ${popSide[family]};
  local-as ${POP_AS};
  peer-as ${as};
  hold-time ${HOLD_TIME_S};
${password === undefined ? "" : `  md5-password ${password};\n`}${multihop === undefined ? "" : `  outgoing-ttl ${multihop};\n`}  family { ${family} unicast; }
  api { processes [ anyctl ]; neighbor-changes; send { parsed; update; } }
}
`,
  );
}
