/** What `anyctl agent` was started with. */
import { parseArgs } from "node:util";

const DEFAULT_CONFIG = "/etc/anyctl/anyctl.yaml";

export interface AgentArguments {
  readonly configPath: string;
  /** Of pino. */
  readonly logLevel: string;
}

const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"];

/** @throws {TypeError} With one sentence for whoever wrote the command line. */
export function parseArguments(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): AgentArguments {
  const { values } = parseArgs({
    args: [...argv],
    options: { config: { type: "string" }, "log-level": { type: "string", default: "info" } },
  });
  const logLevel = values["log-level"];
  if (!LEVELS.includes(logLevel)) {
    throw new TypeError(`Unknown log level "${logLevel}": allowed are ${LEVELS.join(", ")}`);
  }
  return { configPath: values.config ?? env["ANYCTL_CONFIG"] ?? DEFAULT_CONFIG, logLevel };
}
