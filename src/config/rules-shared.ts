/** Services that name the same prefix agree on `shared`, on `hold` and, state by state, on every attribute: one prefix has one route. */
import type { Route } from "exabgp-ts-bridge";
import { holdKey } from "./hold.ts";
import type { Draft } from "./issues.ts";
import { announceIn, VARIANTS } from "./overlay.ts";
import { parsePrefix } from "./prefix.ts";
import type { Problem } from "./problem.ts";
import { buildRoute } from "./routes.ts";
import type { Announce } from "./schema-announce.ts";
import { placeName, problemAt, type ServiceSource } from "./source.ts";

interface Claim {
  readonly service: ServiceSource;
  readonly index: number;
  readonly prefix: string;
}

/** Said once for each pair of services, at the first prefix that they share. */
export function sharedProblems(services: readonly ServiceSource[]): Problem[] {
  const first = new Map<string, Claim>();
  const problems = new Map<string, Problem>();
  for (const service of services) {
    for (const [index, text] of (service.draft.prefixes ?? []).entries()) {
      const prefix = parsePrefix(text ?? "")?.text;
      if (prefix === undefined) continue;
      const claim = { service, index, prefix };
      const earlier = first.get(prefix);
      if (earlier === undefined) first.set(prefix, claim);
      else if (earlier.service !== service) {
        const pair = `${earlier.service.name} ${service.name}`;
        const problem = disagreement(earlier, claim);
        if (problem !== undefined && !problems.has(pair)) problems.set(pair, problem);
      }
    }
  }
  return [...problems.values()];
}

function disagreement(earlier: Claim, claim: Claim): Problem | undefined {
  const difference = differenceOf(earlier, claim);
  if (difference === undefined) return undefined;
  const place = placeName(earlier.service, ["prefixes", earlier.index]);
  const message = `${claim.prefix} is also of service ${earlier.service.name} (${place}), with another ${difference}`;
  const path = ["prefixes", claim.index];
  return problemAt(claim.service, path, message, `the same ${difference} in both services`);
}

function differenceOf(left: Claim, right: Claim): string | undefined {
  const [leftDraft, rightDraft] = [left.service.draft, right.service.draft];
  // What is wrong in itself is said elsewhere, and cannot be compared.
  if ([leftDraft, rightDraft].some((draft) => hasHole(comparedOf(draft)))) return undefined;
  if ((leftDraft.shared ?? "all") !== (rightDraft.shared ?? "all")) return "shared";
  // Its history of withdrawals is one, and what one service may do the other must not undo.
  if (holdKey(leftDraft.hold) !== holdKey(rightDraft.hold)) return "hold";
  const announced = attributeOf(left.prefix, leftDraft.announce ?? {}, rightDraft.announce ?? {});
  if (announced !== undefined) return announced;
  for (const variant of VARIANTS) {
    const leftAnnounce = announceIn(leftDraft.announce ?? {}, leftDraft.when, variant);
    const rightAnnounce = announceIn(rightDraft.announce ?? {}, rightDraft.when, variant);
    if (leftAnnounce === undefined && rightAnnounce === undefined) continue;
    if (leftAnnounce === undefined || rightAnnounce === undefined) return `when.${variant}`;
    const attribute = attributeOf(left.prefix, leftAnnounce, rightAnnounce);
    if (attribute !== undefined) return `${attribute} in when.${variant}`;
  }
  return undefined;
}

/** The key of the first attribute that differs. */
function attributeOf(
  prefix: string,
  left: Draft<Announce>,
  right: Draft<Announce>,
): string | undefined {
  const [leftRoute, rightRoute] = [buildRoute(prefix, left), buildRoute(prefix, right)];
  return ATTRIBUTES.find(([field]) => textOf(leftRoute[field]) !== textOf(rightRoute[field]))?.[1];
}

const ATTRIBUTES: readonly (readonly [keyof Route, string])[] = [
  ["nextHop", "next-hop"],
  ["origin", "origin"],
  ["asPath", "as-path-prepend or local-as"],
  ["med", "med"],
  ["localPreference", "local-preference"],
  ["communities", "communities"],
  ["largeCommunities", "large-communities"],
  ["extendedCommunities", "extended-communities"],
  ["neighbors", "neighbors"],
];

function comparedOf(draft: ServiceSource["draft"]): Partial<ServiceSource["draft"]> {
  return Object.fromEntries(
    Object.entries(draft).filter(([key]) => ["announce", "hold", "shared", "when"].includes(key)),
  );
}

/** Pruned parts are there, without a value. */
function hasHole(value: unknown): boolean {
  if (value === null || typeof value !== "object") return value === undefined;
  return Object.values(value).some((item) => hasHole(item));
}

/** The order of communities means nothing. */
function textOf(value: Route[keyof Route]): string {
  const parts = Array.isArray(value) ? value.map(String).toSorted() : [String(value)];
  return parts.join(" ");
}
