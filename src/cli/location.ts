/** Where the configuration is, and where it says that the agent and the drains are. */
import { accessSync, constants } from "node:fs";
import { resolve } from "node:path";
import type { CommonArguments } from "./command.ts";
import { codeOf } from "./error-code.ts";
import { CommandError } from "./exit.ts";
import type { CommandIo } from "./io.ts";

const CONFIG_DEFAULT = "/etc/anyctl/anyctl.yaml";

export interface Location {
  /** Absolute. */
  readonly configPath: string;
  readonly stateDir: string;
  readonly socketPath: string;
}

/**
 * The file that `--config`, else `ANYCTL_CONFIG` names.
 *
 * @throws {CommandError} `usage` if the name is empty or has a NUL byte.
 */
export function configPathOf(args: CommonArguments, io: CommandIo): string {
  const source = args.config === undefined ? "ANYCTL_CONFIG" : "--config";
  const path = args.config ?? io.env["ANYCTL_CONFIG"] ?? CONFIG_DEFAULT;
  if (path === "" || path.includes("\0")) {
    throw new CommandError("usage", `Cannot use ${source} ${JSON.stringify(path)}: must be a path`);
  }
  return path.startsWith("/") ? path : resolve(io.cwd(), path);
}

/**
 * Where agent and drains are. The file may be invalid, as for the agent; only one that was named and cannot be
 * read is an error, because another PoP's defaults would be used in its place.
 *
 * @throws {CommandError} `usage` or `refused`
 */
export async function locate(args: CommonArguments, io: CommandIo): Promise<Location> {
  const configPath = configPathOf(args, io);
  const isNamed = args.config !== undefined || io.env["ANYCTL_CONFIG"] !== undefined;
  try {
    accessSync(configPath, constants.R_OK);
  } catch (error) {
    const code = codeOf(error);
    const cannot = `Cannot read config ${JSON.stringify(configPath)} (${code})`;
    if (isNamed) throw new CommandError("refused", cannot, error);
    if (code !== "ENOENT") io.stderr(`anyctl: ${cannot}; using the default folders\n`);
  }
  // Not above: help and wrong usage need no YAML.
  const { readLenient } = await import("../config/lenient.ts");
  return { configPath, ...readLenient(configPath) };
}
