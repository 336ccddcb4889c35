/** The prefixes of the services, as ranges. */
import type { LoadedConfig } from "../config/load.ts";
import { parseAddress, parsePrefix, type Address, type Prefix } from "../config/prefix.ts";
import type { Route } from "exabgp-ts-bridge";

export interface Managed {
  readonly prefix: Prefix;
  readonly service: string;
  /** What is announced while the service is up. */
  readonly route: Route;
}

export function managedPrefixes({ plan }: LoadedConfig): Managed[] {
  return plan.services.flatMap(({ name: service, routes }) =>
    routes.flatMap((route) => {
      const prefix = parsePrefix(route.prefix);
      return prefix === undefined ? [] : [{ prefix, service, route }];
    }),
  );
}

export function overlaps(one: Prefix, two: Prefix): boolean {
  return one.family === two.family && one.first <= two.last && two.first <= one.last;
}

export function contains({ family, first, last }: Prefix, address: Address): boolean {
  return address.family === family && first <= address.value && address.value <= last;
}

/** An address as anyctl writes it; what is none stays as it is. */
export function canonical(address: string): string {
  return parseAddress(address)?.text ?? address;
}
