/** The shape of `anyctl.yaml` and of the files in `anyctl.d`. Descriptions are the reference that users read. */
import { z } from "zod";
import { duration, named, pattern, text } from "./leaf.ts";
import {
  CHECKS_MAX,
  FOLDER_PATH_BYTES_MAX,
  SERVICES_MAX,
  SOCKET_PATH_BYTES_MAX,
  WINDOWS_MAX,
} from "./limits.ts";
import { parseListen } from "./listen.ts";
import { isSocketPath, isStateDir, SOCKET_DEFAULT, STATE_DIR_DEFAULT } from "./paths.ts";
import { Window } from "./schema-maintenance.ts";
import { Service } from "./schema-service.ts";
import { SharedCheck } from "./schema-check.ts";
import { CheckTiming } from "./schema-timing.ts";

export const ACK_TIMEOUT_DEFAULT = "5s";
export const RECONCILE_INTERVAL_DEFAULT = "30s";

const POP_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$/;

const StateDir = absolutePath("folder", FOLDER_PATH_BYTES_MAX, isStateDir);

const SocketPath = absolutePath("socket", SOCKET_PATH_BYTES_MAX, isSocketPath);

export const Exabgp = z.strictObject({
  dialect: z
    .literal(["auto", 4, 5, 6], "must be auto, 4, 5 or 6")
    .optional()
    .describe("The major version whose commands are written; `auto` asks `system version`. [auto]"),
  "ack-timeout": duration(100, 60_000)
    .optional()
    .describe("How long an answer to a command may take. [5s]"),
  "reconcile-interval": duration(1000, 3_600_000)
    .optional()
    .describe("How often what ExaBGP holds is compared with what is wanted. [30s]"),
});
export type Exabgp = z.infer<typeof Exabgp>;

export const Http = z.strictObject({
  listen: text(
    "an address and a port, such as 127.0.0.1:9179 or [::1]:9179",
    (value) => parseListen(value) !== undefined,
  ).describe("Address and port, without names: `127.0.0.1:9179`, `[::1]:9179`. [required]"),
});
export type Http = z.infer<typeof Http>;

const WINDOWS_ALLOWED = `must be a list of at most ${WINDOWS_MAX} windows`;

const settings = {
  pop: pattern("1 to 255 letters, digits, dots, hyphens and underscores", POP_PATTERN)
    .optional()
    .describe("Name of this PoP. [the host name]"),
  "state-dir": StateDir.optional().describe(
    `Folder for drains and history, an absolute path. [${STATE_DIR_DEFAULT}]`,
  ),
  socket: SocketPath.optional().describe(
    `Unix socket of the control API, an absolute path of at most ${SOCKET_PATH_BYTES_MAX} bytes. [${SOCKET_DEFAULT}]`,
  ),
  http: Http.optional().describe(
    "Read-only HTTP on TCP: metrics, health and status. [no listener]",
  ),
  exabgp: Exabgp.optional().describe("How to talk to ExaBGP. [{}]"),
  defaults: CheckTiming.optional().describe(
    "Timing of every check; a check may override each. [{}]",
  ),
  checks: named(SharedCheck, CHECKS_MAX)
    .optional()
    .describe("Checks that services share by `use: NAME`: each is probed once. [none]"),
  maintenance: z
    .array(Window, WINDOWS_ALLOWED)
    .max(WINDOWS_MAX, WINDOWS_ALLOWED)
    .optional()
    .describe("Windows in which services are drained by the clock. [none]"),
};

const Services = named(Service, SERVICES_MAX).describe(
  "Checks and prefixes that go together, by name. [required, here or in anyctl.d]",
);

/** `anyctl.yaml`. Its services may all be in `anyctl.d`. */
export const Config = z.strictObject({ ...settings, services: Services.optional() });
export type Config = z.infer<typeof Config>;

/** A file in `anyctl.d`. */
export const DropIn = z.strictObject({ services: Services });
export type DropIn = z.infer<typeof DropIn>;

function absolutePath(
  kind: string,
  bytesMax: number,
  isUsable: (path: string) => boolean,
): z.ZodString {
  return text(
    `the absolute path of a ${kind}, at most ${bytesMax} bytes, without control characters, ".." and a final slash`,
    isUsable,
  );
}
