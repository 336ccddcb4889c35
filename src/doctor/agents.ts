/** Which processes of exabgp.conf are meant to be the agent. */
import { basename } from "node:path";
import type { ExabgpConf, ProcessConf } from "../exabgp-conf/conf.ts";

/** Who runs `anyctl`, or `agent` in another name's place; else who is called so. */
export function agentsOf({ processes }: ExabgpConf): readonly ProcessConf[] {
  const running = processes.filter(({ run }) =>
    (run?.argv ?? []).some((word) => basename(word) === "anyctl" || word === "agent"),
  );
  return running.length > 0 ? running : processes.filter(({ name }) => name === "anyctl");
}
