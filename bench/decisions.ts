/** What the agent says of its own decisions: its log has one line for each, and the times within. */
import { z } from "zod";

const DecisionLine = z.object({
  msg: z.literal("decision"),
  to: z.string(),
  decidedAt: z.string(),
  // An order is obeyed, not detected.
  detectMs: z.number().default(0),
  writeMs: z.number(),
  ackMs: z.number(),
});

/** A decision that one result brought about and that ExaBGP was told of. */
export interface LoggedDecision {
  readonly to: string;
  /** Wall clock in whole milliseconds: records are no finer. */
  readonly decidedAtMs: number;
  /** From the first contrary result to the decision. */
  readonly detectMs: number;
  /** From the decision to the line written. */
  readonly writeMs: number;
  /** From the line written to ExaBGP's answer. */
  readonly ackMs: number;
}

/** @param lines The agent's stderr, which ExaBGP shares: not every line is ours. */
export function decisionsIn(lines: readonly string[]): LoggedDecision[] {
  return lines.flatMap((line) => {
    if (!line.includes('"msg":"decision"')) return [];
    const parsed = DecisionLine.safeParse(JSON.parse(line));
    if (!parsed.success) return [];
    const { decidedAt, to, detectMs, writeMs, ackMs } = parsed.data;
    return { to, decidedAtMs: Date.parse(decidedAt), detectMs, writeMs, ackMs };
  });
}
