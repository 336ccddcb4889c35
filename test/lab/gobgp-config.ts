/** What a GoBGP of the lab runs. */
import type { UpstreamConfig, UpstreamSession } from "./upstream-types.ts";

/** The text of gobgpd.conf for GoBGP 3, TOML. */
export function gobgpConfig({ routerId, localAs, sessions, more = "" }: UpstreamConfig): string {
  const listens = sessions.map(({ localAddress }) => `"${localAddress}"`).join(", ");
  return `[global.config]
  as = ${localAs}
  router-id = "${routerId}"
  local-address-list = [${listens}]
${sessions.map(neighborConfig).join("")}${more}`;
}

function neighborConfig(session: UpstreamSession): string {
  const { localAddress, peerAddress, peerAs, password, multihop, holdTimeS } = session;
  return `[[neighbors]]
  [neighbors.config]
    neighbor-address = "${peerAddress}"
    peer-as = ${peerAs}
${password === undefined ? "" : `    auth-password = "${password}"\n`}  [neighbors.transport.config]
    passive-mode = true
    local-address = "${localAddress}"
${multihop === undefined ? "" : multihopConfig(multihop)}  [neighbors.timers.config]
    hold-time = ${holdTimeS}
    keepalive-interval = ${Math.floor(holdTimeS / 3)}
    # How long it refuses a neighbor that was reset; the default is 30 s.
    idle-hold-time-after-reset = 1
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "${peerAddress.includes(":") ? "ipv6" : "ipv4"}-unicast"
`;
}

function multihopConfig(ttl: number): string {
  return `  [neighbors.ebgp-multihop.config]
    enabled = true
    multihop-ttl = ${ttl}
`;
}
