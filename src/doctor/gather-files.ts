/** Configuration files, and the modes of what anyctl keeps. */
import { accessSync, constants, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { readText } from "../config/files.ts";
import { ConfigError, loadConfig, readLenient } from "../config/load.ts";
import { ExabgpConfError } from "../exabgp-conf/conf-error.ts";
import { readExabgpConf } from "../exabgp-conf/conf.ts";
import { readExabgpEnv } from "../exabgp-conf/env.ts";
import { agentsOf } from "./agents.ts";
import type { Conf, Fact, Facts, FileMode, Host, ProgramFile } from "./host.ts";

export function gatherConfig(path: string): Pick<Host, "configFile" | "config"> {
  try {
    const config = loadConfig(path);
    const { warnings } = config;
    return { configFile: { value: { path, problems: [], warnings } }, config: { value: config } };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const { problems } = error;
    return {
      configFile: { value: { path, problems, warnings: [] } },
      config: { unknown: `${path} cannot be used` },
    };
  }
}

export function gatherConf(path: string): Pick<Host, "confFile" | "conf"> {
  const file = readText(path);
  const broken = (line: number, message: string) => ({
    confFile: { value: { path, error: { line, message } } },
    conf: { unknown: `${path} cannot be understood` },
  });
  if (!("text" in file)) return broken(file.line, file.message);
  try {
    const conf = readExabgpConf(file.text);
    return {
      confFile: { value: { path } },
      conf: { value: { ...conf, path, agents: agentsOf(conf) } },
    };
  } catch (error) {
    if (error instanceof ExabgpConfError) return broken(error.line, error.message);
    throw error;
  }
}

/** @param environment Of ExaBGP; undefined: nobody may read it. */
export function gatherEnv(
  path: string,
  environment: Readonly<Record<string, string>> | undefined,
): Fact<Facts["env"]> {
  const file = readText(path);
  // ExaBGP's defaults are good: a file that is missing is none of its faults.
  const isMissing = !("text" in file) && file.message.includes("ENOENT");
  if (!("text" in file) && !isMissing) return { unknown: `${path}: ${file.message}` };
  const text = "text" in file ? file.text : "";
  return { value: { path, settings: readExabgpEnv(text, environment) } };
}

/** @param paths Of anyctl.yaml and exabgp.conf. */
export function gatherModes(paths: {
  readonly config: string;
  readonly conf: string;
}): Fact<Facts["modes"]> {
  const { stateDir, socketPath } = readLenient(paths.config);
  const all: [FileMode["role"], string][] = [
    ["config", paths.config],
    ["exabgp.conf", paths.conf],
    ["state-dir", stateDir],
    ["drains", join(stateDir, "drains")],
    ["pins", join(stateDir, "pins")],
    ["socket folder", dirname(socketPath)],
  ];
  try {
    return { value: all.map(([role, path]) => modeOf(role, path)) };
  } catch (error) {
    return { unknown: error instanceof Error ? error.message : String(error) };
  }
}

/** @throws {Error} A system error other than that there is no such file. */
function modeOf(role: FileMode["role"], path: string): FileMode {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return { role, path };
  const { mode, uid } = found;
  return { role, path, found: { isFolder: found.isDirectory(), mode: mode & 0o7777, uid } };
}

export function gatherProgram(conf: Fact<Conf>): Fact<ProgramFile> {
  if ("unknown" in conf) return conf;
  const [path] = conf.value.agents.flatMap(({ run }) => run?.argv[0] ?? []);
  if (path === undefined) return { unknown: "no process runs the agent" };
  // ExaBGP looks for a relative one in several folders.
  if (!path.startsWith("/")) return { unknown: `${path} is not an absolute path` };
  return { value: { path, state: programState(path) } };
}

function programState(path: string): ProgramFile["state"] {
  try {
    if (!statSync(path).isFile()) return "no-file";
    accessSync(path, constants.X_OK);
    return "runs";
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    return code === "EACCES" ? "not-executable" : "missing";
  }
}
