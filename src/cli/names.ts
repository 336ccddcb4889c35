/** Names of services and checks as arguments. */
import { CommandError } from "./exit.ts";

const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** More names are not listed in a message. */
const LISTED_MAX = 20;

/** @throws {CommandError} `usage` */
export function checkName(kind: "service" | "check", name: string): void {
  if (NAME.test(name)) return;
  const shown = JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}...` : name);
  const allowed = "1 to 63 of a-z, 0-9 and hyphen, not beginning with a hyphen";
  throw new CommandError(
    "usage",
    `Cannot use ${shown} as the name of a ${kind}: must be ${allowed}`,
  );
}

/** `there are: dns, web` */
export function listNames(names: readonly string[]): string {
  if (names.length === 0) return "there are none";
  const more = names.length > LISTED_MAX ? `, and ${names.length - LISTED_MAX} more` : "";
  return `there are: ${names.slice(0, LISTED_MAX).join(", ")}${more}`;
}
