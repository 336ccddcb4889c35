/** The drop-in for ExaBGP's unit: that of the package, or the same with other paths. */
import type { Places } from "./files.ts";

export const DROP_IN = "/etc/systemd/system/exabgp.service.d/anyctl.conf";

/** What the package brings. A file in /etc with its name would keep that of every later version from being used. */
export const PACKAGED_DROP_IN = "/lib/systemd/system/exabgp.service.d/anyctl.conf";

/** What it says as it is. */
const USUAL: Places = { anyctl: "/usr/bin/anyctl", config: "/etc/anyctl/anyctl.yaml" };

/** @param hasPackage Whether `PACKAGED_DROP_IN` is there: then only other paths need a file of their own. */
export function needsDropIn({ anyctl, config }: Places, hasPackage: boolean): boolean {
  return !hasPackage || anyctl !== USUAL.anyctl || config !== USUAL.config;
}

/** @param usual Of systemd/exabgp-anyctl.conf. */
export function dropInText(usual: string, { anyctl, config }: Places): string {
  // In one pass: one path may be in the other.
  return usual.replaceAll(/\/usr\/bin\/anyctl|\/etc\/anyctl\/anyctl\.yaml/g, (path) =>
    path === USUAL.anyctl ? anyctl : config,
  );
}
