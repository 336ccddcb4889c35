/** What `anyctl doctor` knows of this host. Rules look at nothing else, so each can be tested with a made-up host. */
import type { LoadedConfig } from "../config/load.ts";
import type { Problem } from "../config/problem.ts";
import type { Status } from "../control/protocol.ts";
import type { ExabgpConf, ProcessConf } from "../exabgp-conf/conf.ts";
import type { ExabgpEnv } from "../exabgp-conf/env.ts";

/** Something that was looked up, or why it could not be: then it is never taken for good. */
export type Fact<T> = { readonly value: T } | { readonly unknown: string };

export type Host = { readonly [K in keyof Facts]: Fact<Facts[K]> };

export interface Facts {
  /** anyctl.yaml, and what is wrong with it. */
  readonly configFile: {
    readonly path: string;
    readonly problems: readonly Problem[];
    readonly warnings: readonly Problem[];
  };
  readonly config: LoadedConfig;
  /** exabgp.conf, and why it cannot be understood. */
  readonly confFile: {
    readonly path: string;
    readonly error?: { readonly line: number; readonly message: string };
  };
  readonly conf: Conf;
  /** The file may be missing: ExaBGP has defaults. */
  readonly env: { readonly path: string; readonly settings: ExabgpEnv };
  readonly modes: readonly FileMode[];
  readonly program: ProgramFile;
  readonly addresses: readonly InterfaceAddress[];
  /** Through which interface each neighbor is reached. */
  readonly uplinks: readonly { readonly neighbor: string; readonly interfaceName: string }[];
  /** `net.ipv4.conf.NAME.rp_filter`, `all` included. */
  readonly rpFilter: ReadonlyMap<string, number>;
  readonly unit: Unit;
  /** Of the agent that runs, else of the unit. */
  readonly openFiles: { readonly limit: number; readonly where: string };
  readonly reach: { readonly socketPath: string; readonly error?: string };
  readonly agent: { readonly status: Status; readonly ownVersion: string };
  /** Those of this network namespace. */
  readonly exabgp: readonly ExabgpProcess[];
  readonly clock: { readonly isSynchronized: boolean };
  readonly journal: { readonly isPersistent: boolean };
}

export interface Conf extends ExabgpConf {
  readonly path: string;
  /** The processes that run the agent, or seem to be meant to. */
  readonly agents: readonly ProcessConf[];
}

/** What is in the way of files. */
export interface FileMode {
  readonly role: "config" | "exabgp.conf" | "state-dir" | "drains" | "pins" | "socket folder";
  readonly path: string;
  /** Absent: there is no such file. */
  readonly found?: {
    readonly isFolder: boolean;
    /** Permission bits only. */
    readonly mode: number;
    readonly uid: number;
  };
}

/** What `run` of the agent's process names. */
export interface ProgramFile {
  readonly path: string;
  readonly state: "runs" | "missing" | "no-file" | "not-executable";
}

export interface InterfaceAddress {
  readonly interfaceName: string;
  readonly address: string;
  readonly prefixLength: number;
}

export interface Unit {
  readonly name: string;
  /** As `systemctl show` names and writes them. */
  readonly properties: ReadonlyMap<string, string>;
}

export interface ExabgpProcess {
  readonly pid: number;
  readonly uid: number;
  readonly argv: readonly string[];
}

/** The neighbors to which what the agent announces goes: those whose `api` names its process. */
export function agentNeighbors({ neighbors, agents }: Conf): Conf["neighbors"] {
  const names = new Set(agents.map(({ name }) => name));
  return neighbors.filter(({ apis }) =>
    apis.some(({ processes }) => processes.some((name) => names.has(name))),
  );
}
