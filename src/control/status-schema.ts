/** The shape of `GET /v1/status` and `anyctl status --json`, for other programs: docs/status.schema.json. */
import { z } from "zod";

const date = z.iso.datetime().describe("RFC 3339.");
const orderDate = z.string().optional().describe("RFC 3339, as far as the file says.");

const Check = z.strictObject({
  name: z.string(),
  type: z.string(),
  advisory: z.boolean().describe("It may degrade the service, never withdraw it."),
  weight: z.int().describe("What it counts where the requirement is a weight."),
  use: z.string().optional().describe("The shared check that it is a use of."),
  verdict: z.enum(["unknown", "up", "down"]),
  since: date,
  staleSince: date
    .optional()
    .describe("Since when no result has counted, where that is too long to believe the verdict."),
  streak: z.string().describe("Contrary results in a row, as 1/3; empty when there is none."),
  last: z
    .strictObject({
      outcome: z.enum(["pass", "fail", "inconclusive"]),
      reason: z.string().describe("One word; docs/checks/README.md has them all."),
      detail: z.string().describe("What was seen, in printable ASCII."),
      at: date,
      elapsedMs: z.number(),
    })
    .optional()
    .describe("Absent before the first result."),
  listening: z
    .boolean()
    .optional()
    .describe("Whether an event would be heard now; absent where the check is only polled."),
  event: z
    .strictObject({
      word: z.enum(["connection-lost", "unit-changed", "file-changed", "asked"]),
      detail: z.string().describe("What was heard, in printable ASCII."),
      at: date,
      settled: z
        .boolean()
        .describe("Whether results have shown what it meant; until then fast-interval counts."),
    })
    .optional()
    .describe("What was heard last; absent as long as nothing was."),
});

const Route = z.strictObject({
  prefix: z.string(),
  wanted: z.enum(["announce", "withdraw", "leave"]),
  variant: z
    .enum(["up", "degraded", "draining", "down"])
    .optional()
    .describe("For which state it is announced; absent when it is not wanted announced."),
  told: z.enum(["announced", "withdrawn", "unknown"]).describe("The agent's last command."),
  answer: z.enum(["none", "pending", "done", "failed"]).describe("done: accepted by ExaBGP."),
  sent: z
    .array(
      z.strictObject({ neighbor: z.string(), action: z.enum(["announce", "withdraw"]), at: date }),
    )
    .describe("The last UPDATE to each neighbor; empty where ExaBGP does not tell."),
  withheld: z
    .array(z.string())
    .optional()
    .describe("Neighbors whose session has no address for next-hop self in its family."),
  neighbors: z
    .array(
      z.strictObject({
        neighbor: z.string(),
        session: z.enum(["up", "down", "unknown"]),
        wanted: z
          .enum(["announce", "withdraw", "leave"])
          .describe("withdraw also where the prefix is announced to others only."),
        accepted: z
          .enum(["announce", "withdraw", "unknown"])
          .describe("What ExaBGP has answered done to; it says so for all neighbors together."),
        held: z
          .enum(["yes", "no", "differs", "unknown"])
          .describe("Whether ExaBGP listed it for the neighbor, as it was told."),
        sent: z
          .enum(["announce", "withdraw", "unknown"])
          .describe("The last UPDATE; unknown where ExaBGP does not tell."),
      }),
    )
    .describe("Each that is meant, has it, or was sent it."),
});

const Service = z.strictObject({
  name: z.string(),
  state: z.enum([
    "stopping",
    "draining",
    "drained",
    "pinned",
    "held",
    "starting",
    "down",
    "rising",
    "degraded",
    "up",
  ]),
  reason: z.enum([
    "stopping",
    "operator-drain",
    "maintenance-window",
    "pinned",
    "flapping",
    "check-unknown",
    "check-down",
    "min-up-time",
    "check-degraded",
    "all-checks-up",
    "enough-checks-up",
  ]),
  since: date,
  withdrawsAt: date.optional().describe("While draining: when it is withdrawn."),
  heldUntil: date.optional().describe("While held: when it is judged again."),
  withdrawals: z
    .int()
    .optional()
    .describe("How often it was withdrawn lately, as far as its hold counts; absent: not at all."),
  announcesAt: date.optional().describe("While rising: when it is announced."),
  required: z
    .strictObject({ up: z.int(), needed: z.int(), total: z.int() })
    .describe("Required checks, or their weights: how much is up, and must be up to be met."),
  routes: z.array(Route),
  checks: z.array(Check),
});

/** JSON leaves out what is undefined. */
export const StatusSchema = z.strictObject({
  pop: z.string(),
  agent: z.strictObject({ version: z.string(), pid: z.int(), since: date }),
  config: z.strictObject({
    path: z.string(),
    hash: z.string().describe("Of the configuration in force; empty when there is none."),
    origin: z.enum(["file", "last-good", "none"]),
    current: z.boolean().describe("Whether the file as it was last read is in force."),
    problems: z.array(z.string()),
    lastReload: z
      .strictObject({
        outcome: z.enum(["reloaded", "mass-withdrawal", "invalid-configuration"]),
        actor: z.string(),
        from: z.string(),
        to: z.string(),
        at: date,
      })
      .optional(),
  }),
  exabgp: z.strictObject({
    version: z.string().optional().describe("Absent until it has answered."),
    dialect: z.union([z.literal(4), z.literal(5), z.literal(6)]).optional(),
    phase: z.enum(["new", "greeting", "synchronizing", "ready", "closed"]),
    acks: z.enum(["on", "off", "unknown"]),
    echo: z.enum(["on", "unknown"]),
    queued: z.int(),
    inFlight: z.int(),
  }),
  services: z.array(Service),
  sessions: z.array(
    z.strictObject({
      neighbor: z.string(),
      state: z.enum(["up", "down", "connected"]),
      reason: z.string(),
    }),
  ),
  drains: z.array(
    z.strictObject({
      service: z.string().describe("_all: the whole PoP."),
      kind: z.enum(["operator", "window"]),
      reason: z.string(),
      by: z.string(),
      since: orderDate,
      until: orderDate,
      problem: z.string().optional().describe("Why the file could not be taken at its word."),
      gracefulMs: z.number().optional(),
      transient: z.boolean(),
    }),
  ),
  pins: z.array(
    z.strictObject({
      service: z.string(),
      reason: z.string(),
      by: z.string(),
      since: orderDate,
      until: z.string(),
    }),
  ),
  problems: z.array(z.strictObject({ since: date, word: z.string(), detail: z.string() })),
});

/** JSON Schema 2020-12, as docs/status.schema.json has it. */
export function renderStatusSchema(): string {
  const schema = z.toJSONSchema(StatusSchema, { target: "draft-2020-12" });
  const head = { $schema: schema.$schema, $id: "urn:anyctl:status", title: "anyctl status --json" };
  return `${JSON.stringify({ ...head, ...schema }, undefined, 2)}\n`;
}
