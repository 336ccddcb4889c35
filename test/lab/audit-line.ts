/** The agent's audit records, as the lab reads them. */
import { z } from "zod";

/** One decision; only what the lab itself looks at is named. */
export const AuditLine = z.looseObject({
  seq: z.number(),
  /** RFC 3339 with milliseconds. */
  at: z.string(),
  pop: z.string(),
  service: z.string().optional(),
  /** Of a session's record. */
  neighbor: z.string().optional(),
  from: z.string().optional(),
  to: z.string().optional(),
  reason: z.string(),
  actor: z.string(),
  note: z.string().optional(),
  check: z.string().optional(),
  evidence: z.string().optional(),
  commands: z.array(z.string()),
  ack: z.string().optional(),
  /** From the first contrary result to the decision. */
  detectMs: z.number().optional(),
  /** From the last line written to its answer. */
  ackMs: z.number().optional(),
});
export type AuditLine = z.infer<typeof AuditLine>;
