/** What a transit router of the lab runs. */

export interface RouterConfig {
  /** An IPv4 address. */
  readonly routerId: string;
  readonly localAs: number;
  readonly logFile: string;
  /** Every BGP message received, as it was on the wire (RFC 6396). */
  readonly mrtFile: string;
  /** Interfaces whose networks the other routers learn. */
  readonly customers: readonly string[];
  readonly sessions: readonly RouterSession[];
  /** Further lines of bird.conf, such as filters and static routes. */
  readonly more?: string;
}

export interface RouterSession {
  /** BIRD's name of the protocol: letters, digits and underscores. */
  readonly name: string;
  readonly localAddress: string;
  readonly peerAddress: string;
  readonly peerAs: number;
  /** A `pop` calls us and gets no routes; a `transit` gets our best ones. */
  readonly role: "pop" | "transit";
  /** TCP MD5 (RFC 2385). */
  readonly password?: string;
  /** The neighbor is so many hops away; absent: on a cable of ours. */
  readonly multihop?: number;
  /** Default 30. */
  readonly holdTimeS?: number;
  /** The name of a filter in `more`, or `all` (default). */
  readonly importPolicy?: string;
}

/** The text of bird.conf for BIRD 2. */
export function routerConfig(config: RouterConfig): string {
  const { routerId, logFile, mrtFile, customers } = config;
  const interfaces = customers.map((it) => `interface "${it}";`).join(" ");
  return `log "${logFile}" all;
timeformat log iso long us;
timeformat route iso long us;
timeformat protocol iso long us;
router id ${routerId};
# The log is the tests' clock: it says when a route came and went, to the microsecond.
debug protocols { states, routes };
mrtdump "${mrtFile}";
mrtdump protocols { messages };
protocol device { scan time 60; }
protocol direct customers { ipv4; ipv6; ${customers.length > 0 ? interfaces : 'interface "none";'} }
# Best paths into the kernel: this machine forwards the clients' packets.
protocol kernel kernel4 { scan time 60; ipv4 { import none; export where source = RTS_BGP; }; }
protocol kernel kernel6 { scan time 60; ipv6 { import none; export where source = RTS_BGP; }; }
${config.more ?? ""}${config.sessions.map((session) => sessionConfig(config, session)).join("")}`;
}

function sessionConfig({ localAs }: RouterConfig, session: RouterSession): string {
  const { name, localAddress, peerAddress, peerAs, role, password, multihop } = session;
  const family = peerAddress.includes(":") ? "ipv6" : "ipv4";
  const { holdTimeS = 30, importPolicy = "all" } = session;
  const policy = importPolicy === "all" ? "import all" : `import filter ${importPolicy}`;
  // BIRD takes an iBGP neighbor for one far away unless told otherwise.
  const distance = multihop === undefined ? "direct; " : `multihop ${multihop}; `;
  const secret = password === undefined ? "" : `password "${password}"; `;
  return `protocol bgp ${name} {
  local ${localAddress} as ${localAs};
  neighbor ${peerAddress} as ${peerAs};
  hold time ${holdTimeS};
  # The smallest that BIRD has: a lab should not wait for a router that was quicker than its neighbor.
  connect delay time 1; connect retry time 1; error wait time 1, 1; error forget time 1;
  ${distance}${secret}${role === "pop" ? "passive; " : ""}${family} { ${policy}; export ${role === "pop" ? "none" : "all"}; };
}
`;
}
