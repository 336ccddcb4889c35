/** Which prefix a self-test of withdrawal may announce. */
import { nextHopMistake } from "../config/address-space.ts";
import { parseAddress, parsePrefix } from "../config/prefix.ts";
import { quote } from "../config/problem.ts";

/** Nobody has a shorter one to test with: RFC 7454 section 6.1.3 and the allocations of IANA. */
const LENGTH_MIN = { 4: 8, 6: 16 } as const;

/**
 * @param known Prefixes of services, and those that are owned.
 * @param peers Addresses of neighbors: one that hears of itself through us might lose the session.
 * @returns The canonical prefix, or what is wrong with `text`.
 */
export function canaryPrefix(
  text: string,
  known: Iterable<string>,
  peers: Iterable<string> = [],
): { readonly prefix: string } | { readonly error: string } {
  const cannot = (why: string) => ({ error: `Cannot use prefix ${quote(text)}: ${why}` });
  const prefix = parsePrefix(text);
  if (prefix === undefined) return cannot("must be ADDRESS/LENGTH, such as 198.51.100.0/24");
  if (prefix.hasHostBits) return cannot(`it has host bits; allowed: ${prefix.text}`);
  const min = LENGTH_MIN[prefix.family];
  if (prefix.length < min) return cannot(`it is shorter than /${min}`);
  const first = parseAddress(prefix.text.split("/")[0] ?? "");
  const special = first === undefined ? undefined : nextHopMistake(first);
  if (special !== undefined) return cannot(`it is ${special}`);
  for (const other of known) {
    const range = parsePrefix(other);
    if (range === undefined || range.family !== prefix.family) continue;
    if (range.first <= prefix.last && prefix.first <= range.last) {
      return cannot(`it must have nothing in common with what is served here: ${range.text}`);
    }
  }
  for (const peer of peers) {
    const address = parseAddress(peer);
    if (address?.family !== prefix.family) continue;
    if (prefix.first <= address.value && address.value <= prefix.last) {
      return cannot(`the address of neighbor ${address.text} is in it`);
    }
  }
  return { prefix: prefix.text };
}
