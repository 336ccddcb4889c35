/** `tcp`: passes when a connection to `host`:`port` is established. */
import { z } from "zod";
import type { ProbeContext } from "./context.ts";
import { Host, Watch } from "./keys.ts";
import { inconclusive, type Probe } from "./probe.ts";

export const TcpCheck = z.strictObject({
  type: z.literal("tcp"),
  host: Host.describe("Address or name to connect to. [required]"),
  port: z
    .int("must be a whole number from 1 to 65535")
    .min(1, "must be a whole number from 1 to 65535")
    .max(65_535, "must be a whole number from 1 to 65535")
    .describe("Port to connect to. [required]"),
  watch: Watch,
});
export type TcpCheck = z.infer<typeof TcpCheck>;

export function createTcpProbe(_spec: TcpCheck, _context: ProbeContext): Probe {
  return () => Promise.resolve(inconclusive("internal", "not written yet"));
}
