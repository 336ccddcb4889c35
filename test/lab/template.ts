/** The templates that users start from, filled in: so every test of the lab proves them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fillTemplate } from "../../src/cli/init/template.ts";
import { REPOSITORY } from "./repository.ts";

export type Family = "ipv4" | "ipv6";

export interface ExabgpValues {
  readonly ANYCTL: string;
  readonly CONFIG: string;
  readonly ROUTER_ID: string;
  readonly LOCAL_AS: string;
  readonly PEER_AS: string;
  readonly LOCAL_IPV4: string;
  readonly PEER_IPV4: string;
  readonly LOCAL_IPV6: string;
  readonly PEER_IPV6: string;
}

/** exabgp.conf with the neighbors of these families only, and without what is optional. */
export function exabgpConfig(values: ExabgpValues, families: readonly Family[]): string {
  let text = readFileSync(join(REPOSITORY, "exabgp/templates/exabgp.conf"), "utf8");
  for (const family of ["ipv4", "ipv6"] as const) {
    if (!families.includes(family)) text = withoutNeighbor(text, family);
  }
  return fillTemplate(text, { HOLD_TIME: "30", ...values });
}

function withoutNeighbor(text: string, family: Family): string {
  const start = text.indexOf(`neighbor @PEER_${family.toUpperCase()}@ {`);
  const end = text.indexOf("\n}\n", start) + 3;
  if (start < 0 || end < 3) throw new Error(`Cannot find the ${family} neighbor in exabgp.conf`);
  return text.slice(0, start) + text.slice(end);
}
