/** A check: a type's own keys, timing, and what it counts for; or the use of one that several services share. */
import { z } from "zod";
import { CHECK_TYPES, type CheckSpec } from "../../checks/registry.ts";
import { integer, pattern, NAME_PATTERN } from "./leaf.ts";
import { CHECK_WEIGHT_MAX } from "./limits.ts";
import { CheckTiming } from "./schema-timing.ts";

/** What a check means for its service; the same check may mean more to another one. */
export const Judging = z.strictObject({
  weight: integer(1, CHECK_WEIGHT_MAX)
    .optional()
    .describe("What it counts for where `require` is a weight. [1]"),
  advisory: z
    .boolean("must be true or false")
    .optional()
    .describe(
      "Whether it only advises: down, it degrades the service, and never withdraws it. [false]",
    ),
});
export type Judging = z.infer<typeof Judging>;

/** `checks.NAME`: probed once for all services that use it. */
export type SharedCheck = CheckSpec & CheckTiming;
export const SharedCheck = typed<SharedCheck>(CheckTiming.shape);

/** A check of one service alone. */
export type Check = SharedCheck & Judging;

/** `use: NAME` */
export const Use = z.strictObject({
  use: pattern("the name of a check under checks", NAME_PATTERN).describe(
    "Name of a check under `checks` of the main file: all its uses are probed once. [required]",
  ),
  ...Judging.shape,
});
export type Use = z.infer<typeof Use>;

export type ServiceCheck = Use | Check;
export const ServiceCheck: z.ZodType<ServiceCheck> = z.union(
  [Use, typed<Check>({ ...CheckTiming.shape, ...Judging.shape })],
  "must be a map",
);

/** Every type's own keys, and `shape`. */
function typed<Keys extends CheckSpec>(shape: z.ZodRawShape): z.ZodType<Keys> {
  const types = Object.values(CHECK_TYPES).map(({ schema }) => schema.safeExtend(shape));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the table is not empty
  const [first, ...others] = types as unknown as [z.core.$ZodTypeDiscriminable];
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a type's keys and those of `shape`, as the caller names them
  return z.discriminatedUnion("type", [first, ...others]) as unknown as z.ZodType<Keys>;
}

export function isUse<Other extends object>(
  check: Other,
): check is Extract<Other, { use?: unknown }> {
  return "use" in check;
}
