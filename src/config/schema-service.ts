/** `services.NAME`: prefixes, how they are announced, and the checks that decide about it. */
import { z } from "zod";
import { duration, integer, list, named, text, word } from "./leaf.ts";
import { CHECKS_PER_SERVICE_MAX, PREFIXES_PER_SERVICE_MAX, WEIGHT_MAX } from "./limits.ts";
import { parsePrefix } from "./prefix.ts";
import { Announce, Overlay } from "./schema-announce.ts";
import { ServiceCheck } from "./schema-check.ts";
import { Hold } from "./schema-hold.ts";

const Require = z.union(
  [
    z.literal(["all", "any"]),
    z.strictObject({
      "at-least": integer(1, CHECKS_PER_SERVICE_MAX).describe(
        "How many checks must be up; at most as many as there are. [required]",
      ),
    }),
    z.strictObject({
      weight: integer(1, WEIGHT_MAX).describe(
        "What the weights of the checks that are up must add up to. [required]",
      ),
      hysteresis: integer(0, WEIGHT_MAX)
        .optional()
        .describe("How much less is enough once it was met. [0]"),
    }),
  ],
  "must be all, any, { at-least: NUMBER }, or { weight: NUMBER, hysteresis: NUMBER }",
);

const HOUR_MS = 3_600_000;

const InState = z.union(
  [z.literal("withdraw"), Overlay],
  "must be withdraw, or a map of attributes as in announce",
);

export const When = z.strictObject({
  down: InState.optional().describe(
    "While the checks are not met: `withdraw`, or attributes laid over `announce`. [withdraw]",
  ),
  degraded: InState.optional().describe(
    "While an advisory check is down, or a required one that can be spared: the same; `withdraw` only without advisory checks. [as announce]",
  ),
  draining: InState.optional().describe(
    "While `drain-delay` runs: the same. [adds 65535:0 (RFC 8326), and three prepends when local-as is given]",
  ),
});
export type When = z.infer<typeof When>;

export const Service = z.strictObject({
  prefixes: list(
    text(
      "an IPv4 or IPv6 prefix such as 192.0.2.0/24 or 2001:db8::/48",
      (value) => parsePrefix(value) !== undefined,
    ),
    PREFIXES_PER_SERVICE_MAX,
  ).describe("What is announced, without host bits, each once. [required]"),
  announce: Announce.optional().describe("Attributes while up; every key is optional. [{}]"),
  when: When.optional().describe(
    "What changes in other states: single values replace those of `announce`, lists are added to them. [{}]",
  ),
  "drain-delay": duration(0, HOUR_MS)
    .optional()
    .describe("How long `when.draining` is announced before a drain withdraws. [0s]"),
  require: Require.optional().describe(
    "Which checks must be up, advisory ones aside: `all`, `any`, `{ at-least: NUMBER }`, or `{ weight: NUMBER, hysteresis: NUMBER }`. [all]",
  ),
  hold: Hold.optional().describe(
    "How long a service that was withdrawn stays away, so that nobody upstream damps its prefixes: `none`, `damping-safe` (60 s after the first withdrawal in 2 h, 25 min after each further one), or `{ flaps: NUMBER, within: DURATION, for: DURATION }`. Services that share a prefix must agree. [none]",
  ),
  "min-up-time": duration(0, HOUR_MS)
    .optional()
    .describe("How long `require` must have been met before the route comes back. [0s]"),
  scope: word(["global", "local"])
    .optional()
    .describe(
      "`local` allows prefixes longer than /24 and /48 (RFC 7454 section 6.1.3), and private, documentation and other special space (RFC 6890). [global]",
    ),
  allow: list(word(["hide"]), 1)
    .optional()
    .describe(
      "`hide`: communities that hide the service are meant: 65535:666 (RFC 7999), and 20473:6000 and 20473:666 of Vultr. [none]",
    ),
  shared: word(["all", "any"])
    .optional()
    .describe(
      "For services that name the same prefix: it is announced while `all` of them are (RFC 4786), or while `any` is. They must agree. [all]",
    ),
  "on-stall": word(["withdraw", "keep"])
    .optional()
    .describe(
      "What becomes of the prefixes when the agent's event loop stands still for 1.5 s: its dead-man's switch has them withdrawn, or kept. Of services that share a prefix with `shared: all` one `withdraw` is enough, with `any` one `keep`. [withdraw]",
    ),
  checks: named(ServiceCheck, CHECKS_PER_SERVICE_MAX).describe(
    "What is probed, by name; see the check types below. [required]",
  ),
});
export type Service = z.infer<typeof Service>;
