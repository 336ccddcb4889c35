/** How ExaBGP lists extended communities: two of them look alike. */

/** RFC 4360 section 3.2: an IPv4 address and a number of 16 bits. */
const ADDRESS_FIRST = /^origin:(\d+)\.(\d+)\.(\d+)\.(\d+):(\d+)$/;

/**
 * @param wanted Normalized.
 * @returns What a listing of `wanted` is read as: ExaBGP lists `origin:192.0.2.1:7` as `origin:7:192.0.2.1`, which is
 * also how it lists `origin:7:3221225985`.
 */
export function asListed(wanted: readonly string[] | undefined): readonly string[] | undefined {
  if (wanted === undefined || !wanted.some((one) => ADDRESS_FIRST.test(one))) return wanted;
  const listed = wanted.map((one) => {
    const [, a = "", b = "", c = "", d = "", assigned = ""] = ADDRESS_FIRST.exec(one) ?? [];
    if (assigned === "") return one;
    const bits = [a, b, c, d].reduce((sum, octet) => sum * 256 + Number(octet), 0);
    return `origin:${assigned}:${bits}`;
  });
  return [...new Set(listed)].toSorted();
}
