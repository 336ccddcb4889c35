/** Routes and lines that the tests of the bridge have in common. */
import type { Route } from "../src/index.ts";

export const A: Route = { prefix: "192.0.2.0/24", nextHop: "self" };
export const A_MED: Route = { ...A, med: 200 };
export const B: Route = { prefix: "198.51.100.0/24", nextHop: "self" };
export const ANNOUNCE_A = "announce route 192.0.2.0/24 next-hop self";
export const WITHDRAW_A = "withdraw route 192.0.2.0/24 next-hop self";
export const ANNOUNCE_B = "announce route 198.51.100.0/24 next-hop self";
export const WITHDRAW_B = "withdraw route 198.51.100.0/24 next-hop self";
export const BARRIER = "show neighbor summary";

export function numbered(index: number): Route {
  return { prefix: `10.${index >> 8}.${index & 255}.0/24`, nextHop: "self" };
}
