/** A host where all is well, and what is planted into it. */
import { ConfigError, parseConfig } from "../../src/config/load.ts";
import type { Status } from "../../src/control/protocol.ts";
import { ExabgpConfError } from "../../src/exabgp-conf/conf-error.ts";
import { readExabgpConf } from "../../src/exabgp-conf/conf.ts";
import { readExabgpEnv } from "../../src/exabgp-conf/env.ts";
import { agentsOf } from "../../src/doctor/agents.ts";
import type { Facts, FileMode, Host } from "../../src/doctor/host.ts";
import { STATUS } from "../control/fixtures.ts";

export const YAML = `services:
  dns:
    prefixes: [185.1.2.0/24]
    hold: damping-safe
    announce: { local-as: 64496, as-path-prepend: 1 }
    checks: { resolver: { type: tcp, host: 127.0.0.1, port: 9, watch: true } }
`;

export const CONF = `process anyctl { run /usr/bin/anyctl agent --config /etc/anyctl/anyctl.yaml; encoder json; }
neighbor 198.51.100.1 {
  router-id 198.51.100.2; local-address 198.51.100.2; local-as 64496; peer-as 64515;
  hold-time 30;
  family { ipv4 unicast; }
  api { processes [ anyctl ]; neighbor-changes; send { parsed; update; } }
}
`;

const UNIT = {
  NotifyAccess: "all",
  WatchdogUSec: "10s",
  Restart: "always",
  User: "exabgp",
  ExecStop: "{ path=/usr/bin/anyctl ; argv[]=/usr/bin/anyctl drain --all --transient --wait }",
  KillMode: "mixed",
  RequiresMountsFor: "/var/lib/anyctl",
  After: "network.target nginx.service",
  ProtectSystem: "strict",
  ReadWritePaths: "-/run/anyctl -/var/lib/anyctl",
  RuntimeDirectory: "exabgp",
};

/** What is written, and what the host says. */
export interface Written {
  readonly yaml?: string;
  readonly conf?: string;
  readonly env?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly unit?: Readonly<Partial<Record<keyof typeof UNIT, string>>>;
  readonly modes?: readonly Partial<FileMode>[];
  readonly status?: Partial<Status>;
  readonly facts?: { readonly [K in keyof Facts]?: Facts[K] | { readonly unknown: string } };
}

const FOLDER = { isFolder: true, mode: 0o750, uid: 106 };
const FILE = { isFolder: false, mode: 0o640, uid: 0 };

export const MODES: readonly FileMode[] = [
  { role: "config", path: "/etc/anyctl/anyctl.yaml", found: FILE },
  { role: "exabgp.conf", path: "/etc/exabgp/exabgp.conf", found: FILE },
  { role: "state-dir", path: "/var/lib/anyctl", found: FOLDER },
  { role: "drains", path: "/var/lib/anyctl/drains", found: FOLDER },
  { role: "pins", path: "/var/lib/anyctl/pins", found: FOLDER },
  { role: "socket folder", path: "/run/anyctl", found: FOLDER },
];

export function makeHost(written: Written = {}): Host {
  const { env = "", environment = {}, unit = {}, status = {} } = written;
  const properties = new Map(Object.entries({ ...UNIT, ...unit }));
  const known: Partial<Facts> = {
    env: {
      path: "/etc/exabgp/exabgp.env",
      settings: readExabgpEnv(`[exabgp.api]\ncli = false\n${env}`, environment),
    },
    modes: MODES,
    program: { path: "/usr/bin/anyctl", state: "runs" },
    addresses: [
      { interfaceName: "lo", address: "127.0.0.1", prefixLength: 8 },
      { interfaceName: "lo", address: "185.1.2.53", prefixLength: 32 },
      { interfaceName: "eth0", address: "198.51.100.2", prefixLength: 24 },
    ],
    uplinks: [{ neighbor: "198.51.100.1", interfaceName: "eth0" }],
    rpFilter: new Map([
      ["all", 0],
      ["eth0", 2],
    ]),
    unit: { name: "exabgp.service", properties },
    openFiles: { limit: 1024, where: "exabgp.service: LimitNOFILE" },
    reach: { socketPath: "/run/anyctl/agent.sock" },
    agent: { status: { ...STATUS, ...status }, ownVersion: STATUS.agent.version },
    exabgp: [{ pid: 7, uid: 106, argv: ["/usr/sbin/exabgp", "/etc/exabgp/exabgp.conf"] }],
    clock: { isSynchronized: true },
    journal: { isPersistent: true },
  };
  const facts = Object.entries({ ...known, ...written.facts }).map(([name, value]) => [
    name,
    typeof value === "object" && "unknown" in value ? value : { value },
  ]);
  return { ...configFacts(written), ...confFacts(written), ...Object.fromEntries(facts) };
}

function configFacts({ yaml = YAML }: Written): Pick<Host, "config" | "configFile"> {
  const path = "/etc/anyctl/anyctl.yaml";
  try {
    const config = parseConfig([{ path, text: yaml }], "fra1");
    const { warnings } = config;
    return { config: { value: config }, configFile: { value: { path, problems: [], warnings } } };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const { problems } = error;
    return {
      config: { unknown: "cannot be used" },
      configFile: { value: { path, problems, warnings: [] } },
    };
  }
}

function confFacts({ conf: text = CONF }: Written): Pick<Host, "conf" | "confFile"> {
  const path = "/etc/exabgp/exabgp.conf";
  try {
    const conf = readExabgpConf(text);
    return {
      conf: { value: { ...conf, path, agents: agentsOf(conf) } },
      confFile: { value: { path } },
    };
  } catch (error) {
    if (!(error instanceof ExabgpConfError)) throw error;
    const { line, message } = error;
    return {
      conf: { unknown: "cannot be understood" },
      confFile: { value: { path, error: { line, message } } },
    };
  }
}
