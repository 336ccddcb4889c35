/** What `anyctl init` must know, and how each answer is judged: the same for a flag and for a typed line. */
import { parsePrefix } from "../../config/prefix.ts";
import { addressMistake, familyOf, nameFamily, type Family } from "./addresses.ts";
import { checkOf, checkMistake } from "./check-spec.ts";
import { md5Mistake } from "./md5.ts";
import { PRESETS, presetOf, type Preset } from "./presets.ts";
import { configMistake } from "./trial.ts";
import { guessLocalAddress, guessRouterId, type Host } from "./uplink.ts";

/** Texts as given; every answer is a list, most of one. */
export type Answers = Partial<Record<QuestionKey, readonly string[]>>;

export type QuestionKey =
  | "preset"
  | "pop"
  | "scope"
  | "prefix"
  | "check"
  | "service"
  | "local-as"
  | "peer"
  | "peer-as"
  | "local-address"
  | "router-id"
  | "multihop"
  | "hold-time"
  | "md5-password";

/** An answer that the operator did not give. */
export interface Suggestion {
  readonly values: readonly string[];
  /** `of eth0`; empty for what is merely usual. */
  readonly from: string;
}

export interface Question {
  readonly key: QuestionKey;
  /** Where several answers make sense. */
  readonly isList?: true;
  /** Typed without being shown. */
  readonly isSecret?: true;
  /** May be left empty. */
  readonly isOptional?: (answers: Answers) => boolean;
  readonly text: string;
  /** Looks at the answers before it. */
  suggest?(answers: Answers, host: Host): Suggestion | undefined;
  /** @returns What is wrong with one of the answers: `must be …`. */
  judge(value: string, answers: Answers): string | undefined;
  /** @returns What is wrong with all of them together. */
  judgeAll?(values: readonly string[], answers: Answers): string | undefined;
}

/** A PoP has a few sessions; more is a mistake of a script. */
const PEERS_MAX = 16;

const usual = (...values: readonly string[]): Suggestion => ({ values, from: "" });

export function presetIn(answers: Answers): Preset {
  const preset = presetOf(answers.preset?.[0] ?? "generic");
  if (preset === undefined) throw new Error(`No preset ${String(answers.preset)}`);
  return preset;
}

/** In the order in which they are asked: each may look at those before it. */
export const QUESTIONS: readonly Question[] = [
  {
    key: "preset",
    text: `Provider (${PRESETS.map(({ name }) => name).join(", ")})`,
    suggest: () => usual("generic"),
    judge: (value) =>
      presetOf(value) === undefined
        ? `must be ${PRESETS.map(({ name }) => name).join(", ")}`
        : undefined,
  },
  {
    key: "pop",
    text: "Name of this PoP",
    suggest: (_answers, host) => ({ values: [host.name], from: "the host name" }),
    judge: (value) => configMistake({ pop: value }),
  },
  {
    key: "scope",
    text: "Scope of the prefixes: global for the Internet, local for private and documentation space",
    suggest: () => usual("global"),
    judge: (value) => (/^(?:global|local)$/.test(value) ? undefined : "must be global or local"),
  },
  {
    key: "prefix",
    isList: true,
    text: "Prefixes to announce",
    // The rest of the rules about all of them at once: there may be thousands.
    judge: (value) =>
      parsePrefix(value) === undefined
        ? "must be an IPv4 or IPv6 prefix such as 192.0.2.0/24 or 2001:db8::/48"
        : undefined,
    judgeAll: (values, { scope }) =>
      configMistake({ prefixes: values, scope: scope?.[0] ?? "global" }),
  },
  {
    key: "check",
    isList: true,
    text: "What to check: URL, tcp:HOST:PORT, dns:SERVER/NAME, unix:PATH or systemd:UNIT",
    judge: checkMistake,
  },
  {
    key: "service",
    text: "Name of the service",
    suggest: ({ check = [] }) => usual(checkOf(check[0] ?? "")?.serviceName ?? "main"),
    judge: (value) => configMistake({ service: value }),
  },
  {
    key: "local-as",
    text: "Your AS number",
    judge: asMistake,
  },
  {
    key: "peer",
    isList: true,
    text: "Addresses of the peers",
    suggest(answers) {
      const families = familiesOf(answers);
      const { peers: all } = presetIn(answers);
      const peers = answers.prefix === undefined ? all : all.filter((peer) => isOf(families, peer));
      return peers.length === 0 ? undefined : usual(...peers);
    },
    judge: addressMistake,
    judgeAll(values, answers) {
      if (values.length > PEERS_MAX) return `must be at most ${PEERS_MAX}`;
      if (new Set(values).size < values.length) return "must be different from each other";
      if (answers.prefix === undefined) return undefined;
      const wanted = familiesOf(answers);
      const lacking = wanted.find((family) => !values.some((value) => isOf([family], value)));
      if (lacking !== undefined) return `must have an ${nameFamily(lacking)} one for the prefixes`;
      const surplus = values.find((value) => !isOf(wanted, value));
      if (surplus === undefined) return undefined;
      return `must be of the families of the prefixes: ${surplus} has nothing to be told`;
    },
  },
  {
    key: "peer-as",
    text: "AS number of the peers",
    suggest(answers) {
      const { peerAs } = presetIn(answers);
      return peerAs === undefined ? undefined : usual(String(peerAs));
    },
    judge: asMistake,
  },
  {
    key: "local-address",
    isList: true,
    text: "Own addresses of the sessions, one per family",
    // Without prefixes, which are missing then, nobody knows of which families.
    isOptional: ({ prefix }) => prefix === undefined,
    suggest(answers, host) {
      const found = familiesOf(answers).map((family) =>
        guessLocalAddress(family, answers.peer ?? [], host),
      );
      const known = found.flatMap((one) => one ?? []);
      if (known.length === 0 || known.length < found.length) return undefined;
      const from = [...new Set(known.map(({ interfaceName }) => interfaceName))].join(" and ");
      return { values: known.map(({ address }) => address), from: `of ${from}` };
    },
    judge: addressMistake,
    judgeAll(values, answers) {
      const clash = values.find((value) => answers.peer?.includes(value) === true);
      if (clash !== undefined) return `must not be a peer's: ${clash}`;
      if (answers.prefix === undefined) return undefined;
      const wanted = familiesOf(answers);
      const isComplete = wanted.every(
        (family) => values.filter((value) => isOf([family], value)).length === 1,
      );
      if (isComplete && values.length === wanted.length) return undefined;
      return `must be ${wanted.map((family) => `one ${nameFamily(family)} address`).join(" and ")}`;
    },
  },
  {
    key: "router-id",
    text: "Router id",
    suggest(answers, host) {
      const own = answers["local-address"]?.find((address) => familyOf(address) === 4);
      if (own !== undefined) return { values: [own], from: "the local address" };
      const guess = guessRouterId(host);
      return guess === undefined
        ? undefined
        : { values: [guess.address], from: `of ${guess.interfaceName}` };
    },
    judge: (value) =>
      familyOf(value) === 4 && addressMistake(value) === undefined
        ? undefined
        : "must be an IPv4 address, different on each router of your AS",
  },
  {
    key: "multihop",
    text: "Hops to the peers (1: on the link)",
    suggest: (answers) => usual(String(presetIn(answers).multihop)),
    judge: (value) => numberMistake(value, 1, HOPS_MAX, ""),
  },
  {
    key: "hold-time",
    text: "Hold time in seconds",
    suggest: (answers) => usual(String(presetIn(answers).holdTime)),
    judge: (value) => numberMistake(value, HOLD_TIME_MIN, HOLD_TIME_MAX, " seconds"),
  },
  {
    key: "md5-password",
    isSecret: true,
    isOptional: (answers) => !presetIn(answers).md5,
    text: "Password of the sessions (TCP MD5)",
    judge: md5Mistake,
  },
];

/** RFC 3682: the most that fits into the field, which 4.2 and 5.0 hand to the kernel as it is. */
const HOPS_MAX = 255;

/** RFC 4271 section 4.2. 0 means no keepalives: a peer would never learn that this PoP is gone. */
const HOLD_TIME_MIN = 3;
/** So long would a peer send packets to a PoP that is stuck. */
const HOLD_TIME_MAX = 90;

/** Families that have a prefix, IPv4 first: each needs a session. */
function familiesOf({ prefix = [] }: Answers): Family[] {
  return ([4, 6] as const).filter((family) =>
    prefix.some((one) => familyOf(one.split("/")[0] ?? "") === family),
  );
}

function isOf(families: readonly Family[], address: string): boolean {
  const family = familyOf(address);
  return family !== undefined && families.includes(family);
}

/** 0 (RFC 7607), 23456 (RFC 6793), 65535 and 4294967295 (RFC 7300) are nobody's. */
function asMistake(value: string): string | undefined {
  const mistake = numberMistake(value, 1, 4_294_967_294, "");
  if (mistake !== undefined) return mistake;
  return value === "23456" || value === "65535"
    ? "must be an AS number that is not reserved"
    : undefined;
}

function numberMistake(value: string, min: number, max: number, unit: string): string | undefined {
  const isRight = /^[1-9]\d{0,9}$/.test(value) && Number(value) >= min && Number(value) <= max;
  return isRight ? undefined : `must be a whole number from ${min} to ${max}${unit}`;
}
