/** The attributes of a route, as they stand on ExaBGP's line. */
import { encodeAnnounce, type Route } from "exabgp-ts-bridge";

/** `next-hop self med 100 community [ 64496:100 ]` */
export function attributesOf(route: Route): string {
  return encodeAnnounce(route).slice(`announce route ${route.prefix} `.length);
}
