/** Network namespaces, and the cables between them. Nothing leads to the host. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { runCommand } from "./command.ts";

export interface Namespace {
  readonly name: string;
  /** Starts a program that outlives this process unless the lab is removed. Resolves with its pid. */
  spawn(argv: readonly string[], options: SpawnOptions): Promise<number>;
  /** Runs a program to its end; resolves with its stdout. */
  exec(argv: readonly string[]): Promise<string>;
  /** One `ip` command a line, without `ip`. */
  ip(lines: readonly string[]): Promise<void>;
}

export interface SpawnOptions {
  /** The files that get stdout and stderr; appended to. */
  readonly stdoutFile: string;
  readonly stderrFile: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** One end of a cable. */
export interface CableEnd {
  readonly namespace: Namespace;
  readonly interfaceName: string;
  /** With prefix length. */
  readonly addresses: readonly string[];
}

/** Loopback is up and packets are forwarded; addresses are usable at once. */
export async function createNamespace(name: string): Promise<Namespace> {
  await runCommand("ip", ["netns", "add", name]);
  const namespace: Namespace = {
    name,
    async spawn(argv, { stdoutFile, stderrFile, env = baseEnvironment() }) {
      const stdout = openSync(stdoutFile, "a");
      const stderr = openSync(stderrFile, "a");
      try {
        // Detached: Ctrl-C on the terminal must not reach it before we remove it in order.
        const child = spawn("ip", ["netns", "exec", name, ...argv], {
          env,
          detached: true,
          stdio: ["ignore", stdout, stderr],
        });
        await once(child, "spawn");
        child.unref();
        if (child.pid === undefined) throw new Error(`Cannot start ${argv[0]} in ${name}`);
        return child.pid;
      } finally {
        closeSync(stdout);
        closeSync(stderr);
      }
    },
    exec: (argv) => runCommand("ip", ["netns", "exec", name, ...argv], { env: baseEnvironment() }),
    async ip(lines) {
      await runCommand("ip", ["-n", name, "-batch", "-"], { input: `${lines.join("\n")}\n` });
    },
  };
  // Duplicate address detection keeps an IPv6 address unusable for a second or two.
  const settings = [
    "ipv6/conf/all/forwarding=1",
    "ipv6/conf/default/accept_dad=0",
    "ipv4/ip_forward=1",
  ];
  const script = settings.map((it) => it.replace(/(.*)=(.*)/, "echo $2 > /proc/sys/net/$1"));
  await namespace.exec(["sh", "-ec", [...script, "ip link set lo up"].join("; ")]);
  return namespace;
}

/** A veth pair whose two ends never exist outside their namespaces. */
export async function connectNamespaces(a: CableEnd, b: CableEnd): Promise<void> {
  await a.namespace.ip([
    `link add ${a.interfaceName} type veth peer name ${b.interfaceName} netns ${b.namespace.name}`,
  ]);
  await Promise.all(
    [a, b].map(({ namespace, interfaceName, addresses }) =>
      namespace.ip([
        ...addresses.map(
          (it) => `address add ${it} dev ${interfaceName}${it.includes(":") ? " nodad" : ""}`,
        ),
        `link set ${interfaceName} up`,
      ]),
    ),
  );
}

/** What every program of a lab gets: no locale, no proxies, none of our own variables; BIRD logs in local time. */
export function baseEnvironment(): NodeJS.ProcessEnv {
  return { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", TZ: "UTC" };
}
