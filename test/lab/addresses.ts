/** Who has which address and AS number in the lab. */

/** A region's numbers; `index` is 1 to 3. Private AS numbers and addresses, as a lab should. */
export function addressPlan(index: number) {
  return {
    popAs: 64_495 + index,
    transitAs: 64_600 + index,
    transit: { ipv4: `10.${index}.0.1`, ipv6: `fd00:${index}::1` },
    pop: { ipv4: `10.${index}.0.2`, ipv6: `fd00:${index}::2` },
    clientGateway: { ipv4: `10.${index}.1.1`, ipv6: `fd00:${index}:1::1` },
    client: { ipv4: `10.${index}.1.10`, ipv6: `fd00:${index}:1::10` },
  };
}

/** The address of a region's transit on its cable to another's: 10.100.12.1 and .2 between the first and the second. */
export function meshAddress(
  site: { readonly index: number },
  other: { readonly index: number },
): { ipv4: string; ipv6: string } {
  const [low, high] = [site.index, other.index].toSorted((a, b) => a - b);
  const host = site.index === low ? 1 : 2;
  return { ipv4: `10.100.${low}${high}.${host}`, ipv6: `fd00:100:${low}${high}::${host}` };
}
