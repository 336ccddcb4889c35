/** What orders are told on the command line: about whom, why, by whom. */
import { CommandError } from "./exit.ts";
import type { CommandIo } from "./io.ts";
import { checkName } from "./names.ts";
import type { Order } from "./order-file.ts";

/** The name that stands for the whole PoP; no service can have it. */
export const ALL_SERVICES = "_all";

/** In UTF-8. It is shown on terminals, in the journal and in every audit record. */
const REASON_MAX_BYTES = 1024;

export interface TargetArguments {
  readonly service?: readonly string[] | undefined;
  readonly all?: boolean | undefined;
}

/**
 * The names of the files, each once.
 *
 * @throws {CommandError} `usage`
 */
export function targetsOf({ service = [], all = false }: TargetArguments): string[] {
  for (const name of service) checkName("service", name);
  if (all && service.length > 0) {
    throw new CommandError("usage", "Cannot use both SERVICE and --all: --all is the whole PoP");
  }
  if (all) return [ALL_SERVICES];
  if (service.length > 0) return [...new Set(service)];
  throw new CommandError("usage", "Missing SERVICE; allowed: names of services, or --all");
}

/**
 * @returns The reason as UTF-8 can hold it: what a terminal sent in another encoding has become U+FFFD.
 * @throws {CommandError} `usage`
 */
export function checkReason(reason: string): string {
  const bytes = Buffer.from(reason);
  if (reason.trim() === "") {
    throw new CommandError(
      "usage",
      "Cannot use an empty --reason: must be text for whoever asks why",
    );
  }
  if (bytes.length > REASON_MAX_BYTES) {
    const allowed = `must have at most ${REASON_MAX_BYTES} bytes`;
    throw new CommandError("usage", `Cannot use a --reason of ${bytes.length} bytes: ${allowed}`);
  }
  return bytes.toString();
}

export function orderBy(reason: string, io: CommandIo): Order {
  return { reason, by: claimedName(io), since: new Date(io.wallMs()).toISOString() };
}

/** `uid:0(root), sudo by ann`: only a claim, because the environment is anybody's. */
function claimedName({ uid, env }: CommandIo): string {
  const user = userName(env["USER"] ?? env["LOGNAME"]);
  const sudo = sudoUser(env);
  return `uid:${uid}${user && `(${user})`}${sudo && `, sudo by ${sudo}`}`;
}

/** Who says to have become another user; empty: nobody. */
export function sudoUser(env: CommandIo["env"]): string {
  return userName(env["SUDO_USER"]);
}

function userName(claim: string | undefined): string {
  return claim !== undefined && /^[\w.-]{1,64}$/.test(claim) ? claim : "";
}
