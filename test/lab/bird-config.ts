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
}

export interface RouterSession {
  /** BIRD's name of the protocol: letters, digits and underscores. */
  readonly name: string;
  readonly localAddress: string;
  readonly peerAddress: string;
  readonly peerAs: number;
  /** A `pop` calls us and gets no routes; a `transit` gets our best ones. */
  readonly role: "pop" | "transit";
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
${config.sessions.map((session) => sessionConfig(config, session)).join("")}`;
}

function sessionConfig({ localAs }: RouterConfig, session: RouterSession): string {
  const { name, localAddress, peerAddress, peerAs, role } = session;
  const family = peerAddress.includes(":") ? "ipv6" : "ipv4";
  return `protocol bgp ${name} {
  local ${localAddress} as ${localAs};
  neighbor ${peerAddress} as ${peerAs};
  hold time 30;
  # The smallest that BIRD has: a lab should not wait for a router that was quicker than its neighbor.
  connect delay time 1; connect retry time 1; error wait time 1, 1; error forget time 1;
  ${role === "pop" ? "passive; " : ""}${family} { import all; export ${role === "pop" ? "none" : "all"}; };
}
`;
}
