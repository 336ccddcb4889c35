/** Whether there is a journal for this agent. */
import { existsSync } from "node:fs";

const FOLDER = "/run/systemd/journal";

/**
 * systemd marks what it starts by INVOCATION_ID, and ExaBGP hands its environment down. An ExaBGP that was started by
 * hand logs to whoever looks at its terminal; tests leave the developer's journal alone. ANYCTL_JOURNAL=on and =off
 * overrule it.
 *
 * @returns The folder of journald's sockets.
 */
export function journalFolder(
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const wish = env["ANYCTL_JOURNAL"] ?? "auto";
  if (wish === "off") return undefined;
  const isUnit = env["INVOCATION_ID"] !== undefined;
  return (wish === "on" || isUnit) && existsSync(FOLDER) ? FOLDER : undefined;
}
