/** GoBGP 3 as an upstream. It has no kernel routes: it takes whatever next hop it is given. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { isGobgpSessionUp, parseGobgpLine, readGobgpRoutes } from "./gobgp-answers.ts";
import { gobgpConfig } from "./gobgp-config.ts";
import type { Lab } from "./lab.ts";
import { followFile } from "./line-log.ts";
import type { Namespace } from "./namespace.ts";
import { type Upstream, type UpstreamConfig, upstreamFrom } from "./upstream-types.ts";
import { waitUntil } from "./wait.ts";

/** Its API is on the loopback of its own namespace. */
const API_HOST = "127.0.0.1:50051";

export async function createGobgpUpstream(
  lab: Lab,
  namespace: Namespace,
  config: UpstreamConfig,
): Promise<Upstream> {
  const { name } = config;
  const folder = lab.addFolder(name);
  const logFile = join(folder, "gobgpd.log");
  const configFile = join(folder, "gobgpd.conf");
  writeFileSync(configFile, gobgpConfig(config));
  const log = followFile(logFile);
  lab.onRemove(() => log.close());
  await namespace.spawn(
    [
      "gobgpd",
      "--config-file",
      configFile,
      "--log-level",
      "debug",
      "--api-hosts",
      API_HOST,
      "--pprof-disable",
    ],
    { stdoutFile: logFile, stderrFile: logFile },
  );
  const ask = (...words: string[]): Promise<string> => namespace.exec(["gobgp", ...words]);
  await waitUntil(
    `GoBGP of ${name}`,
    // Until it listens, its client fails; until it has read its file, there is no neighbor.
    () => ask("neighbor", "-j").then((it) => it.includes("neighbor_address") || undefined, notYet),
    { hint: logFile },
  );
  return upstreamFrom({
    name,
    logFile,
    async routes() {
      const answers = ["ipv4", "ipv6"].map((it) => ask("global", "rib", "-a", it, "-j"));
      return (await Promise.all(answers)).flatMap(readGobgpRoutes);
    },
    isUp: async (peer) => isGobgpSessionUp(await ask("neighbor", "-j"), peer),
    changes: () => log.lines().flatMap(parseGobgpLine),
    async setSession(peer, wanted) {
      await ask("neighbor", peer, wanted === "enabled" ? "enable" : "disable");
    },
  });
}

function notYet(): undefined {}
