/** Communities of the three kinds: numbers only, because ExaBGP 4.2 and 5.0 look for command names anywhere in a line. */
import { formatAddress, parseAddress } from "./address.ts";
import { RouteError } from "./route-error.ts";

/**
 * All three lists at their limits with a full AS_PATH stay below the 4096 octets of an UPDATE
 * (RFC 4271 4.1): 255 * 4 + 128 * 4 + 64 * 12 + 64 * 8 octets.
 */
export const COMMUNITIES_MAX = 128;
export const LARGE_COMMUNITIES_MAX = 64;
export const EXTENDED_COMMUNITIES_MAX = 64;

const UINT16_MAX = 0xffff;
const UINT32_MAX = 0xffff_ffff;

/** @throws {RouteError} */
export function normalizeCommunities(value: unknown): readonly string[] | undefined {
  return listOf("communities", value, COMMUNITIES_MAX, "65535:0", (text) =>
    numbersOf(text.split(":"), [UINT16_MAX, UINT16_MAX])?.join(":"),
  );
}

/** @throws {RouteError} */
export function normalizeLarge(value: unknown): readonly string[] | undefined {
  return listOf("largeCommunities", value, LARGE_COMMUNITIES_MAX, "64496:1:2", (text) =>
    numbersOf(text.split(":"), [UINT32_MAX, UINT32_MAX, UINT32_MAX])?.join(":"),
  );
}

/** @throws {RouteError} */
export function normalizeExtended(value: unknown): readonly string[] | undefined {
  return listOf(
    "extendedCommunities",
    value,
    EXTENDED_COMMUNITIES_MAX,
    "target:64496:7 or origin:64496:7",
    (text) => {
      const parts = partsOf(text);
      return parts && `${parts.kind}:${parts.administrator}:${parts.assigned}`;
    },
  );
}

/**
 * A normalized extended community as every ExaBGP takes it. `target:` with a 2-octet AS is right
 * everywhere; with a 4-octet AS 5.0 writes the type of an IPv4 address, and with an IPv4 address 4.2
 * writes the type of a 2-octet AS, so those go as their eight octets in hexadecimal.
 */
export function extendedForExabgp(normal: string): string {
  const parts = partsOf(normal);
  if (parts === undefined || parts.type === 0) return normal;
  const octets = [
    [parts.type, 1],
    [parts.kind === "target" ? 2 : 3, 1],
    [parts.administratorBits, 4],
    [parts.assigned, 2],
  ] as const;
  return `0x${octets.map(([number, width]) => number.toString(16).padStart(width * 2, "0")).join("")}`;
}

interface ExtendedParts {
  readonly kind: "target" | "origin";
  /** The type octet: 0 for a 2-octet AS and 1 for an IPv4 address (RFC 4360 3.1, 3.2), 2 for a 4-octet AS (RFC 5668). */
  readonly type: 0 | 1 | 2;
  readonly administrator: string;
  readonly administratorBits: number;
  readonly assigned: number;
}

function partsOf(text: string): ExtendedParts | undefined {
  const [kind, administrator = "", assigned = "", ...rest] = text.split(":");
  if ((kind !== "target" && kind !== "origin") || rest.length > 0) return undefined;
  const address = parseAddress(administrator);
  if (address !== undefined) {
    const [number] = numbersOf([assigned], [UINT16_MAX]) ?? [];
    const bits = Number(address.bits);
    return number === undefined
      ? undefined
      : {
          kind,
          type: 1,
          administrator: formatAddress(address),
          administratorBits: bits,
          assigned: number,
        };
  }
  const [asn] = numbersOf([administrator], [UINT32_MAX]) ?? [];
  if (asn === undefined) return undefined;
  const [number] = numbersOf([assigned], [asn > UINT16_MAX ? UINT16_MAX : UINT32_MAX]) ?? [];
  if (number === undefined) return undefined;
  const type = asn > UINT16_MAX ? 2 : 0;
  return { kind, type, administrator: String(asn), administratorBits: asn, assigned: number };
}

/** @returns undefined unless `texts` are plain decimal numbers, one for each maximum. */
function numbersOf(texts: readonly string[], maxima: readonly number[]): number[] | undefined {
  if (texts.length !== maxima.length) return undefined;
  const numbers = texts.map((text) =>
    /^(0|[1-9][0-9]{0,9})$/.test(text) ? Number(text) : Infinity,
  );
  return numbers.every((number, index) => number <= (maxima[index] ?? -1)) ? numbers : undefined;
}

function listOf(
  field: string,
  value: unknown,
  max: number,
  example: string,
  read: (text: string) => string | undefined,
): readonly string[] | undefined {
  if (!Array.isArray(value) || value.length > max) {
    throw new RouteError(field, value, `a list of at most ${max} communities`);
  }
  const normal = value.map((item: unknown, index) => {
    const text = typeof item === "string" ? read(item) : undefined;
    if (text === undefined)
      throw new RouteError(`${field}[${index}]`, item, `numbers like ${example}`);
    return text;
  });
  // A set on the wire: order and repetition mean nothing.
  return normal.length === 0 ? undefined : [...new Set(normal)].toSorted();
}
