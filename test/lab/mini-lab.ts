/** One PoP and its transit router: the smallest lab in which a route can be seen to come and go. */
import type { Router } from "./bird.ts";
import { createLab, type Lab } from "./lab.ts";
import type { Pop, PopOptions } from "./pop.ts";
import { buildSite, createSitePop, startTransit } from "./region.ts";

export interface MiniLab {
  readonly lab: Lab;
  readonly pop: Pop;
  /** Its sessions with the PoP are `POP_SESSION`. */
  readonly transit: Router;
  readonly remove: () => Promise<void>;
}

export interface MiniLabOptions extends Omit<PopOptions, "name" | "link"> {
  /** Default true: nginx runs before ExaBGP starts. */
  readonly startsWeb?: boolean;
  /** Default true. With false, `pop.exabgp.start()` is the caller's. */
  readonly startsExabgp?: boolean;
}

/** Resolves when the programs run; what is announced comes after that. Removes everything when it fails half way. */
export async function createMiniLab({
  startsWeb = true,
  startsExabgp = true,
  ...options
}: MiniLabOptions = {}): Promise<MiniLab> {
  const lab = createLab();
  try {
    const site = await buildSite(lab, { index: 1, name: "fra", hasClient: false });
    const pop = createSitePop(lab, site, options);
    const [transit] = await Promise.all([
      startTransit(lab, site, []),
      startsWeb ? pop.web.start() : undefined,
    ]);
    if (startsExabgp) await pop.exabgp.start();
    return { lab, pop, transit, remove: () => lab.remove() };
  } catch (error) {
    await lab.remove();
    throw error;
  }
}
