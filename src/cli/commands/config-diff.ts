/** `anyctl config diff` */
import { AgentUnreachable } from "../../control/client.ts";
import { getPlan } from "../../control/reload-client.ts";
import type { PlanAnswer } from "../../control/reload-protocol.ts";
import { unreachable } from "../agent-client.ts";
import { defineCommand } from "../command.ts";
import { loadOrTell } from "../config-problems.ts";
import { writeDiff } from "../diff-text.ts";
import { CommandError, EXIT } from "../exit.ts";
import type { CommandIo } from "../io.ts";
import { configPathOf, locate } from "../location.ts";
import { printableJson } from "../printable.ts";
import { readVersion } from "../version.ts";

export const diff = defineCommand({
  signature: "diff [file]",
  describe: "Show what a reload would change in the running agent, and on the wire",
  positionals: { file: { type: "string", describe: "What to reload; default: --config" } },
  options: { json: { type: "boolean", describe: "For programs" } },
  examples: [
    ["config diff", "Before `anyctl reload`"],
    ["config diff new.yaml --config /etc/anyctl/anyctl.yaml", "Before new.yaml is installed"],
  ],
  notes: `--config names the agent, FILE the configuration to compare with; anyctl.d beside FILE counts too.
Nothing is changed. Exit status 0 with and without differences; 1 if FILE is invalid.`,
  async run({ file, json, ...args }, io) {
    const path = file === undefined ? configPathOf(args, io) : configPathOf({ config: file }, io);
    const { plan, settings, hash } = await loadOrTell(path, io);
    const { socketPath } = await locate(args, io);
    const told = await askPlan(socketPath, io);
    const { attributesOf } = await import("../../config/attributes.ts");
    const { concealPlan, diffSettings, fingerprintSettings } =
      await import("../../config/fingerprint.ts");
    const { diffReload } = await import("../../core/diff.ts");
    const { restoreSnapshot } = await import("../../core/snapshot.ts");
    const state = restoreSnapshot(told.snapshot);
    const found = diffReload(state, concealPlan(plan), told.nowMs, attributesOf);
    const changed =
      told.hash === ""
        ? { now: [], atRestart: [] }
        : diffSettings(told.settings, fingerprintSettings(settings));
    if (json === true) {
      const answer = { from: told.hash, to: hash, settings: changed, diff: found };
      io.stdout(`${printableJson(answer)}\n`);
    } else io.stdout(writeDiff(found, changed, { did: false, color: io.color }));
    return EXIT.done;
  },
});

/** @throws {CommandError} `unreachable`, or `refused` by an agent that decides by other rules. */
async function askPlan(socketPath: string, io: CommandIo): Promise<PlanAnswer> {
  const told = await getPlan(socketPath, io.timers).catch((error: unknown) => {
    throw error instanceof AgentUnreachable ? unreachable(error) : error;
  });
  if ("error" in told) throw new CommandError("refused", told.error);
  const version = readVersion();
  if (told.version === version) return told;
  const why = `it is version ${JSON.stringify(told.version)}, and this is ${version}: restart it`;
  throw new CommandError("refused", `Cannot compare with the running agent: ${why}`);
}
