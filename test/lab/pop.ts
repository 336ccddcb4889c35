/** A PoP: nginx on the anycast addresses, ExaBGP, and the agent under it. */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AuditLine } from "./audit-line.ts";
import { type CommandResult, tryCommand } from "./command.ts";
import { createExabgp, type ExabgpDaemon, repositoryView } from "./exabgp.ts";
import type { Lab } from "./lab.ts";
import type { Namespace } from "./namespace.ts";
import { createWebServer, type WebServer } from "./nginx.ts";
import { REPOSITORY } from "./repository.ts";
import { exabgpConfig, type ExabgpValues, type Family } from "./template.ts";
import { EXABGP_USER } from "./user.ts";

/** Documentation space: nothing of the lab could be mistaken for somebody's network. */
export const ANYCAST = {
  ipv4: { prefix: "192.0.2.0/24", address: "192.0.2.53", url: "http://192.0.2.53/" },
  ipv6: {
    prefix: "2001:db8:53::/48",
    address: "2001:db8:53::53",
    url: "http://[2001:db8:53::53]/",
  },
} as const satisfies Record<Family, { prefix: string; address: string; url: string }>;

/** The service of the default configuration. */
export const SERVICE = "web";

export interface PopOptions {
  /** The PoP's name, and what its nginx answers. */
  readonly name: string;
  readonly link: Omit<ExabgpValues, "ANYCTL" | "CONFIG">;
  readonly families?: readonly Family[];
  /** anyctl.yaml without `pop`, `state-dir` and `socket`; default: `defaultConfig`. */
  readonly config?: string;
  /** Changes exabgp.conf before ExaBGP sees it. */
  readonly editExabgpConfig?: (text: string) => string;
  /** What ExaBGP, and so the agent, has in its environment besides. */
  readonly exabgpEnv?: Readonly<Record<string, string>>;
  /** An executable instead of the agent; it is given the agent's arguments. */
  readonly agent?: string;
}

export interface Pop {
  readonly name: string;
  readonly namespace: Namespace;
  /** Everything of this PoP is in here. */
  readonly folder: string;
  readonly stateFolder: string;
  /** anyctl.yaml. */
  readonly configFile: string;
  readonly exabgpConfigFile: string;
  readonly web: WebServer;
  readonly exabgp: ExabgpDaemon;
  /** Replaces anyctl.yaml (see `PopOptions.config`) in one step. The agent is not told. */
  writeConfig(config: string): void;
  /** The real CLI with `--config` of this PoP. */
  anyctl(...args: readonly string[]): Promise<CommandResult>;
  /** The decisions so far, oldest first. */
  audit(): AuditLine[];
}

/** Writes the files of a PoP. Nothing is started. */
export function createPop(lab: Lab, namespace: Namespace, options: PopOptions): Pop {
  const { name, families = ["ipv4", "ipv6"], editExabgpConfig = (text) => text } = options;
  const folder = lab.addFolder(name);
  const stateFolder = lab.addFolder(`${name}/state`, EXABGP_USER);
  const socketPath = join(lab.addFolder(`${name}/run`, EXABGP_USER), "agent.sock");
  const configFile = join(folder, "anyctl.yaml");
  const exabgpConfigFile = join(folder, "exabgp.conf");
  const anyctl = options.agent ?? join(repositoryView(lab), "bin/anyctl");
  const values = { ...options.link, ANYCTL: anyctl, CONFIG: configFile };
  writeFileSync(exabgpConfigFile, editExabgpConfig(exabgpConfig(values, families)));

  const pop: Pop = {
    name,
    namespace,
    folder,
    stateFolder,
    configFile,
    exabgpConfigFile,
    web: createWebServer(lab, namespace, {
      name,
      addresses: families.map((family) => ANYCAST[family].address),
      answer: name,
    }),
    exabgp: createExabgp(lab, namespace, {
      name,
      configFile: exabgpConfigFile,
      envFile: join(REPOSITORY, "exabgp/templates/exabgp.env"),
      ...(options.exabgpEnv && { env: options.exabgpEnv }),
    }),
    writeConfig(config) {
      const head = `pop: ${name}\nstate-dir: ${stateFolder}\nsocket: ${socketPath}\n`;
      writeFileSync(`${configFile}.new`, head + config);
      renameSync(`${configFile}.new`, configFile);
    },
    anyctl: (...args) =>
      tryCommand(join(REPOSITORY, "bin/anyctl"), [...args, "--config", configFile]),
    audit() {
      const file = join(stateFolder, "audit.jsonl");
      if (!existsSync(file)) return [];
      const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
      return lines.map((line) => AuditLine.parse(JSON.parse(line)));
    },
  };
  pop.writeConfig(options.config ?? defaultConfig(families));
  return pop;
}

/** One service, checked over every family, that leaves within half a second of a crash. */
export function defaultConfig(families: readonly Family[]): string {
  const prefixes = families.map((family) => `"${ANYCAST[family].prefix}"`).join(", ");
  const checks = families.map(
    (family) => `      ${family}: { type: http, url: "${ANYCAST[family].url}healthz" }\n`,
  );
  return `defaults: { interval: 1s, fast-interval: 100ms, timeout: 500ms, rise: 3, fall: 3 }
services:
  ${SERVICE}:
    prefixes: [${prefixes}]
    scope: local
    checks:
${checks.join("")}`;
}
