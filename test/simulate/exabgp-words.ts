/** What a simulated ExaBGP writes, as 4.2.21 and 5.0.13 do. */
import type { NeighborRib, Peer, SentUpdate } from "./exabgp-rib.ts";

const LOCAL = "198.51.100.254";

export const SESSION_TEXT = {
  text: (address: string, state: "up" | "down") =>
    `neighbor ${address} ${state === "up" ? "up" : "down - peer reset, message (closing connection)"}\n`,
  json: (address: string, state: "up" | "down") =>
    `${JSON.stringify({
      exabgp: "4.0.1",
      type: "state",
      neighbor: { address: { local: LOCAL, peer: address }, state },
    })}\n`,
};

export function echoText(
  { neighbor, action, prefix, attributes }: SentUpdate,
  encoder: "json" | "text",
): string {
  const hop = /next-hop (\S+)/.exec(attributes)?.[1] ?? "";
  const nextHop = hop === "self" ? LOCAL : hop;
  if (encoder === "text") {
    return action === "announce"
      ? `neighbor ${neighbor} send update announced ${prefix} next-hop ${nextHop}\n`
      : `neighbor ${neighbor} send update withdrawn ${prefix}\n`;
  }
  const family = prefix.includes(":") ? "ipv6 unicast" : "ipv4 unicast";
  const nlri = [{ nlri: prefix }];
  const update =
    action === "announce"
      ? { attribute: { origin: "igp" }, announce: { [family]: { [nextHop]: nlri } } }
      : { withdraw: { [family]: nlri } };
  const address = { local: LOCAL, peer: neighbor };
  const message = { update };
  const event = { exabgp: "4.0.1", type: "update" };
  return `${JSON.stringify({ ...event, neighbor: { address, direction: "send", message } })}\n`;
}

export function summaryText(ribs: readonly NeighborRib[], version: string): string {
  const rows = ribs.flatMap(({ peer, isUp }) => {
    if (isUp)
      return [`${peer.address}       64515     0:01:05 established           1          0\n`];
    return version.startsWith("4")
      ? []
      : [`${peer.address}       64515     down      idle    0    0\n`];
  });
  return `Peer            AS        up/down state       |     #sent     #recvd\n${rows.join("")}`;
}

export function configurationText(peers: readonly Peer[]): string {
  return peers
    .map(({ address, families }) => {
      const list = families.map((family) => `    ${family} unicast;\n`).join("");
      return `neighbor ${address} {\n  local-address ${LOCAL};\n  local-as 64496;\n  peer-as 64515;\n  family {\n${list}  }\n  api {\n    processes [ anyctl ];\n  }\n}\n`;
    })
    .join("");
}

export function listedText({ peer, held }: NeighborRib, version: string): string[] {
  const head = `neighbor ${peer.address} local-ip ${LOCAL} local-as 64496 peer-as 64515 router-id ${LOCAL} family-allowed in-open`;
  return [...held].map(([prefix, attributes]) => {
    const family = prefix.includes(":") ? "ipv6" : "ipv4";
    // 5.0 writes a sequence of ASs in parentheses.
    const written = version.startsWith("4")
      ? attributes
      : attributes.replace(/as-path \[ ([0-9 ]*) \]/, "as-path ( $1 )");
    return `${head} ${family} unicast ${prefix} ${written}\n`;
  });
}
