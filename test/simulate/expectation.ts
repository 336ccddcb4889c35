/** What the states of services mean for a prefix, written anew from the contract: the core is not asked. */
import {
  type Attributes,
  type Blueprint,
  NEXT_HOP_V6,
  type ServiceBlueprint,
} from "./blueprint.ts";

/** What a neighbor should have of a prefix; `any`: whatever there was before is left alone. */
export type Expected = { readonly attributes: string } | "absent" | "any";

const GRACEFUL_SHUTDOWN = "65535:0";

/** The worst last. */
const WORSE = ["up", "degraded", "draining", "down"] as const;
type Variant = (typeof WORSE)[number];

/** @returns The attributes of a state; undefined: it is withdrawn; `leave`: nothing changes. */
function variantOf(service: ServiceBlueprint, state: string): Variant | "withdraw" | "leave" {
  switch (state) {
    case "up":
    case "pinned":
      return "up";
    case "degraded":
    case "draining":
      return state;
    case "down":
      return service.down === undefined ? "withdraw" : "down";
    case "drained":
    case "held":
      return "withdraw";
    default:
      return "leave";
  }
}

export function attributesText(
  service: ServiceBlueprint,
  variant: Variant,
  prefix: string,
): string {
  const over: Attributes | undefined = {
    up: undefined,
    degraded: service.degraded,
    draining: service.draining ?? { med: undefined, communities: [GRACEFUL_SHUTDOWN] },
    down: service.down,
  }[variant];
  const med = over?.med ?? service.announce.med;
  const communities = [
    ...new Set([...service.announce.communities, ...(over?.communities ?? [])]),
  ].toSorted();
  return [
    `next-hop ${prefix.includes(":") ? NEXT_HOP_V6 : "self"}`,
    ...(med === undefined ? [] : [`med ${med}`]),
    ...(communities.length === 0 ? [] : [`community ${listText(communities)}`]),
  ].join(" ");
}

/** @param stateOf The state of a service, by its name. */
export function expectedOf(
  { services }: Blueprint,
  prefix: string,
  stateOf: (name: string) => string,
): Expected {
  const owners = services.filter(({ prefixes }) => prefixes.includes(prefix));
  const [first] = owners;
  if (first === undefined) return "absent";
  const voices = owners.map((service) => variantOf(service, stateOf(service.name)));
  const heard = voices.flatMap((voice) =>
    voice === "withdraw" || voice === "leave" ? [] : [WORSE.indexOf(voice)],
  );
  const announced = (rank: number): Expected => {
    const variant = WORSE[rank] ?? "down";
    // A drain takes leave of those that have the route: where nobody has it, it brings it to nobody.
    return variant === "draining" ? "any" : { attributes: attributesText(first, variant, prefix) };
  };
  if (first.shared === "all") {
    if (voices.includes("withdraw")) return "absent";
    return heard.length === voices.length ? announced(Math.max(...heard)) : "any";
  }
  if (heard.length > 0) return announced(Math.min(...heard));
  return voices.includes("leave") ? "any" : "absent";
}

function listText(items: readonly string[]): string {
  return items.length === 1 ? items.join() : `[ ${items.join(" ")} ]`;
}
