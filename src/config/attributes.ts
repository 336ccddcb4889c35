/** The attributes of a route, as they stand on ExaBGP's line. */
import { encodeAnnounce, type Route } from "exabgp-ts-bridge";

/** `next-hop self med 100 community [ 64496:100 ]`, and who gets it unless all do: ` neighbors [ 198.51.100.1 ]`. */
export function attributesOf({ neighbors, ...route }: Route): string {
  const attributes = encodeAnnounce(route).slice(`announce route ${route.prefix} `.length);
  return neighbors === undefined
    ? attributes
    : `${attributes} neighbors [ ${neighbors.join(" ")} ]`;
}
