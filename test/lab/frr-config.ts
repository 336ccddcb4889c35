/** What an FRR of the lab runs. */
import type { UpstreamConfig, UpstreamSession } from "./upstream-types.ts";

/** The text of bgpd.conf for FRR 8. */
export function frrConfig(
  { routerId, localAs, sessions, more = "" }: UpstreamConfig,
  logFile: string,
): string {
  return `log file ${logFile} debugging
log timestamp precision 6
debug bgp updates in
! A route-map must be there before the neighbor that uses it: until it is, everything is denied.
${more}!
router bgp ${localAs}
 bgp router-id ${routerId}
 ! Since FRR 7.4 a neighbor of another AS needs a policy, or nothing of it is taken (RFC 8212).
 no bgp ebgp-requires-policy
 no bgp default ipv4-unicast
${sessions.map(neighborConfig).join("")}${sessions.map(familyConfig).join("")}`;
}

function neighborConfig(session: UpstreamSession): string {
  const { localAddress, peerAddress, peerAs, password, multihop, holdTimeS } = session;
  const lines = [
    `remote-as ${peerAs}`,
    "passive",
    `update-source ${localAddress}`,
    `timers ${Math.floor(holdTimeS / 3)} ${holdTimeS}`,
    ...(password === undefined ? [] : [`password ${password}`]),
    ...(multihop === undefined ? [] : [`ebgp-multihop ${multihop}`]),
  ];
  return lines.map((line) => ` neighbor ${peerAddress} ${line}\n`).join("");
}

function familyConfig({ peerAddress, importPolicy }: UpstreamSession): string {
  const family = peerAddress.includes(":") ? "ipv6" : "ipv4";
  const policy =
    importPolicy === undefined ? "" : `  neighbor ${peerAddress} route-map ${importPolicy} in\n`;
  return ` address-family ${family} unicast
  neighbor ${peerAddress} activate
${policy} exit-address-family
`;
}
