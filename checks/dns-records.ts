/** Records as text, so that what is expected and what was answered can be compared. */
import { isIPv4, isIPv6, SocketAddress } from "node:net";
import type { Answer } from "dns-packet";

type Field = "ipv4" | "ipv6" | "name" | "number" | "word" | "quoted";

interface Form {
  readonly fields: readonly Field[];
  /** As in a zone file, for messages. */
  readonly example: string;
}

/** The data of a record, field by field, in the order of a zone file (RFC 1035 section 5). TXT is one text. */
const FORMS = {
  A: { fields: ["ipv4"], example: "192.0.2.53" },
  AAAA: { fields: ["ipv6"], example: "2001:db8::53" },
  CAA: { fields: ["number", "word", "quoted"], example: '0 issue "ca.example"' },
  CNAME: { fields: ["name"], example: "www.example" },
  MX: { fields: ["number", "name"], example: "10 mail.example" },
  NS: { fields: ["name"], example: "ns1.example" },
  PTR: { fields: ["name"], example: "host.example" },
  SOA: {
    fields: ["name", "name", "number", "number", "number", "number", "number"],
    example: "ns1.example hostmaster.example 2026010100 3600 600 86400 300",
  },
  SRV: { fields: ["number", "number", "number", "name"], example: "0 5 853 ns1.example" },
  TXT: { fields: ["quoted"], example: "ok" },
} as const satisfies Readonly<Record<string, Form>>;

export type DnsRecord = keyof typeof FORMS;

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of a literal
export const DNS_RECORDS = Object.keys(FORMS) as [DnsRecord, ...DnsRecord[]];

/** How a value of this type is written. */
export function exampleOf(record: DnsRecord): string {
  return FORMS[record].example;
}

/**
 * The one way to write a value: addresses in their shortest form, names in lower case without the last dot, one
 * space between fields. TXT is taken as it is: upper and lower case differ, its strings are joined.
 *
 * @returns Undefined if `text` is no such value.
 */
export function canonical(record: DnsRecord, text: string): string | undefined {
  if (record === "TXT") return text;
  const fields: readonly Field[] = FORMS[record].fields;
  const words = text.trim().split(/\s+/);
  const rest = words.slice(fields.length - 1).join(" ");
  const values = fields.map((field, at) =>
    canonicalField(field, at === fields.length - 1 ? rest : (words[at] ?? "")),
  );
  return values.includes(undefined) ? undefined : values.join(" ");
}

function canonicalField(field: Field, word: string): string | undefined {
  switch (field) {
    case "ipv4":
      return isIPv4(word) ? word : undefined;
    case "ipv6":
      // A zone (`%eth0`) has no place in a record.
      return isIPv6(word) && !word.includes("%")
        ? new SocketAddress({ address: word, family: "ipv6" }).address
        : undefined;
    case "name":
      return /^[^\s]+$/.test(word) ? canonicalName(word) : undefined;
    case "number":
      return /^\d{1,10}$/.test(word) ? String(Number(word)) : undefined;
    case "word":
      return /^[a-z0-9]+$/i.test(word) ? word.toLowerCase() : undefined;
    case "quoted":
      return word.replace(/^"(.*)"$/, "$1");
  }
}

/** RFC 4343: names are compared without regard to case. */
export function canonicalName(name: string): string {
  return name === "." ? name : name.toLowerCase().replace(/\.$/, "");
}

/** @returns Undefined for types that nobody can ask for. */
export function textOf(answer: Answer): string | undefined {
  const text = rawTextOf(answer);
  if (text === undefined || !isDnsRecord(answer.type)) return undefined;
  return canonical(answer.type, text) ?? text;
}

function rawTextOf(answer: Answer): string | undefined {
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- nobody can ask for the other types
  switch (answer.type) {
    case "A":
    case "AAAA":
    case "CNAME":
    case "NS":
    case "PTR":
      return answer.data;
    case "CAA":
      return `${answer.data.flags} ${answer.data.tag} ${answer.data.value}`;
    case "MX":
      return `${answer.data.preference} ${answer.data.exchange}`;
    case "SOA": {
      const { mname, rname, serial, refresh, retry, expire, minimum } = answer.data;
      return `${mname} ${rname} ${serial} ${refresh} ${retry} ${expire} ${minimum}`;
    }
    case "SRV": {
      const { priority, weight, port, target } = answer.data;
      return `${priority} ${weight} ${port} ${target}`;
    }
    case "TXT":
      return [answer.data].flat().map(String).join("");
    default:
      return undefined;
  }
}

function isDnsRecord(type: string): type is DnsRecord {
  return Object.hasOwn(FORMS, type);
}
