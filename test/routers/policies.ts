/** What upstreams do with the communities of a PoP; docs/routers.md shows these texts. */

/** 64601:80 makes the route worse than others, GRACEFUL_SHUTDOWN the last resort (RFC 8326 section 4.2). */
export const BIRD_POLICY = `filter customer {
  if (64601, 80) ~ bgp_community then bgp_local_pref = 80;
  if (65535, 0) ~ bgp_community then bgp_local_pref = 0;
  accept;
}
`;

/** 64602:70 makes it worse, 64602:0 refuses it. FRR knows GRACEFUL_SHUTDOWN by itself, behind the route-map too. */
export const FRR_POLICY = `bgp community-list standard lower seq 5 permit 64602:70
bgp community-list standard refused seq 5 permit 64602:0
route-map customer deny 10
 match community refused
route-map customer permit 20
 match community lower
 set local-preference 70
route-map customer permit 30
`;
