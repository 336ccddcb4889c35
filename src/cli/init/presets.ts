/** What is known of the BGP sessions that providers offer, as data. Every value can be overruled by a flag. */

export interface Preset {
  readonly name: string;
  /** One line, for the help and for whoever is asked. */
  readonly about: string;
  /** Undefined: the operator must say it. */
  readonly peerAs?: number;
  /** One session each; those of a family without a prefix are left out. */
  readonly peers: readonly string[];
  /** Seconds. */
  readonly holdTime: number;
  /** How many hops a packet may take to the peer; 1: the peer is on the link. */
  readonly multihop: number;
  /** Whether the provider gives no session without TCP MD5 (RFC 2385). */
  readonly md5: boolean;
  /** For the one who reads anyctl.yaml. */
  readonly hints: readonly string[];
}

/**
 * Our own choice where the provider names none: a peer sends packets to a PoP that is stuck for so long, and RFC 4271
 * section 4.2 asks for at least 3 s. ExaBGP's default is 180 s.
 */
const HOLD_TIME_DEFAULT = 30;

/** Vultr's own communities (docs.vultr.com, "AS20473 BGP customer guide"). */
const VULTR_HINTS = [
  "20473:6001, 6002, 6003 in announce.communities prepend once to three times at Vultr's edge.",
  "Never 20473:6000, which hides the prefix from the world, nor 20473:666, which drops its traffic.",
];

export const PRESETS: readonly Preset[] = [
  {
    name: "generic",
    about: "any router; nothing is assumed",
    peers: [],
    holdTime: HOLD_TIME_DEFAULT,
    multihop: 1,
    md5: false,
    hints: [],
  },
  {
    // docs.vultr.com, "Configuring BGP on Vultr": AS 64515, both addresses, multihop 2, MD5 always, the source is
    // the main address of the instance.
    name: "vultr",
    about: "Vultr cloud instances",
    peerAs: 64515,
    peers: ["169.254.169.254", "2001:19f0:ffff::1"],
    holdTime: HOLD_TIME_DEFAULT,
    multihop: 2,
    md5: true,
    hints: VULTR_HINTS,
  },
  {
    // The same page, on bare metal: the peer is AS 20473 itself, and has another IPv4 address.
    name: "vultr-bare-metal",
    about: "Vultr bare metal",
    peerAs: 20473,
    peers: ["169.254.1.1", "2001:19f0:ffff::1"],
    holdTime: HOLD_TIME_DEFAULT,
    multihop: 2,
    md5: true,
    hints: VULTR_HINTS,
  },
  {
    // phoenixNAP's guide to BGP peering on Bare Metal Cloud: two route servers, multihop 7, keepalive 10 s and hold
    // 30 s. ExaBGP's keepalive is a third of the hold time.
    name: "phoenixnap",
    about: "phoenixNAP Bare Metal Cloud",
    peerAs: 65400,
    peers: ["169.254.247.0", "169.254.247.1"],
    holdTime: 30,
    multihop: 7,
    md5: false,
    hints: [],
  },
  {
    // Ingenuity's peering page: route servers that only listen, so it is ExaBGP that connects, as it does by default.
    name: "ingenuity",
    about: "Ingenuity Cloud route servers",
    peerAs: 65000,
    peers: ["100.64.64.64", "100.64.64.65", "fc00::1", "fc00::2"],
    holdTime: HOLD_TIME_DEFAULT,
    multihop: 1,
    md5: false,
    hints: [],
  },
  {
    // No official page: values of public configurations.
    name: "buyvm",
    about: "BuyVM (from public configurations: ask them first)",
    peerAs: 53667,
    peers: ["169.254.169.179", "2605:6400:ffff::2"],
    holdTime: HOLD_TIME_DEFAULT,
    multihop: 2,
    md5: false,
    hints: [],
  },
  {
    // Its guide had servers take these values from the instance's metadata, which could name others.
    name: "equinix-metal",
    about: "Equinix Metal (historic: ended on 30 June 2026)",
    peerAs: 65530,
    peers: ["169.254.255.1", "169.254.255.2", "fc00::e", "fc00::f"],
    holdTime: HOLD_TIME_DEFAULT,
    multihop: 1,
    md5: false,
    hints: ["Equinix Metal has ended. Its addresses are kept for setups that copied them."],
  },
];

export function presetOf(name: string): Preset | undefined {
  return PRESETS.find((preset) => preset.name === name);
}
