/** `announce.neighbors`, where ExaBGP cannot be told who gets a route. */
import type { Problem } from "./problem.ts";
import { problemAt, type Sources } from "./source.ts";

/** ExaBGP 6.0 gives a route for a peer that it does not know to another one. */
export function neighborProblems({
  dialect,
  services,
}: Pick<Sources, "dialect" | "services">): Problem[] {
  if (dialect !== 6) return [];
  return services.flatMap((service) => {
    if (service.draft.announce?.neighbors === undefined) return [];
    const message =
      "is not possible with exabgp.dialect 6: ExaBGP 6.0 leaks such routes to other peers";
    return [
      problemAt(service, ["announce", "neighbors"], message, "absence, which means all neighbors"),
    ];
  });
}
