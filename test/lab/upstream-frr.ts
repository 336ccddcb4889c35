/** FRR 8 as an upstream: zebra and bgpd in a namespace, asked with vtysh. */
import { chownSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "./command.ts";
import { isFrrSessionUp, parseFrrLine, readFrrRoutes } from "./frr-answers.ts";
import { frrConfig } from "./frr-config.ts";
import type { Lab } from "./lab.ts";
import { followFile } from "./line-log.ts";
import { baseEnvironment, type Namespace } from "./namespace.ts";
import { type Upstream, type UpstreamConfig, upstreamFrom } from "./upstream-types.ts";
import { userIds } from "./user.ts";
import { waitUntil } from "./wait.ts";

/** Debian's package makes this user; the daemons change to it. */
const FRR_USER = "frr";

/** They are in nobody's PATH: FRR's own script starts them. */
const PROGRAMS = "/usr/lib/frr";

/** Each daemon makes a folder for its last words here, by its pid, and nobody ever removes it. */
const LEFT_BEHIND = "/var/tmp/frr";

export async function createFrrUpstream(
  lab: Lab,
  namespace: Namespace,
  config: UpstreamConfig,
): Promise<Upstream> {
  const { name, localAs } = config;
  const folder = lab.addFolder(name, FRR_USER);
  const logFile = join(folder, "bgpd.log");
  writeFileSync(join(folder, "zebra.conf"), `log file ${join(folder, "zebra.log")}\n`);
  writeFileSync(join(folder, "bgpd.conf"), frrConfig(config, logFile));
  // Followed from the beginning, and so made before the daemon could make it: it must be the daemon's own.
  const log = followFile(logFile);
  lab.onRemove(() => log.close());
  const { uid, gid } = userIds(FRR_USER);
  chownSync(logFile, uid, gid);

  async function startDaemon(daemon: "zebra" | "bgpd"): Promise<void> {
    const outputFile = join(folder, `${daemon}.out`);
    const pid = await namespace.spawn(
      [
        join(PROGRAMS, daemon),
        "--config_file",
        join(folder, `${daemon}.conf`),
        "--pid_file",
        join(folder, `${daemon}.pid`),
        "--socket",
        join(folder, "zserv.api"),
        "--vty_socket",
        folder,
        // No TCP port for vty: two routers may be in one namespace.
        "--vty_port",
        "0",
      ],
      { stdoutFile: outputFile, stderrFile: outputFile },
    );
    lab.onRemove(() => {
      rmSync(join(LEFT_BEHIND, `${daemon}.${pid}`), { recursive: true, force: true });
    });
    const socket = join(folder, daemon === "zebra" ? "zserv.api" : "bgpd.vty");
    const options = { hint: outputFile };
    await waitUntil(`${daemon} of ${name}`, () => existsSync(socket) || undefined, options);
  }
  function ask(...commands: string[]): Promise<string> {
    const words = commands.flatMap((command) => ["-c", command]);
    return runCommand("vtysh", ["--vty_socket", folder, ...words], { env: baseEnvironment() });
  }

  await startDaemon("zebra");
  await startDaemon("bgpd");
  return upstreamFrom({
    name,
    logFile,
    async routes() {
      const answers = ["ipv4", "ipv6"].map((it) => ask(`show bgp ${it} unicast json detail`));
      return (await Promise.all(answers)).flatMap(readFrrRoutes);
    },
    async isUp(peer) {
      const family = peer.includes(":") ? "ipv6" : "ipv4";
      return isFrrSessionUp(await ask(`show bgp ${family} unicast summary json`), peer);
    },
    changes: () => log.lines().flatMap((line) => parseFrrLine(line) ?? []),
    async setSession(peer, wanted) {
      const shutdown = `${wanted === "enabled" ? "no " : ""}neighbor ${peer} shutdown`;
      await ask("configure terminal", `router bgp ${localAs}`, shutdown);
    },
  });
}
