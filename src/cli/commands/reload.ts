/** `anyctl reload` */
import { AgentUnreachable } from "../../control/client.ts";
import type { ErrorBody } from "../../control/protocol.ts";
import { postReload } from "../../control/reload-client.ts";
import type { ReloadAnswer } from "../../control/reload-protocol.ts";
import { askStatus, unreachable } from "../agent-client.ts";
import { defineCommand } from "../command.ts";
import { writeDiff } from "../diff-text.ts";

import { CommandError, EXIT } from "../exit.ts";
import type { CommandIo } from "../io.ts";
import { locate, type Location } from "../location.ts";
import { folderOf } from "../order-folder.ts";
import { printable, printableJson } from "../printable.ts";
import { makeProof } from "../proof-file.ts";

export const command = defineCommand({
  signature: "reload",
  describe: "Make the agent go over to what its configuration file says now",
  positionals: {},
  options: {
    force: {
      type: "boolean",
      describe: "Even if more than half of the announced prefixes are withdrawn",
    },
    json: { type: "boolean", describe: "As the agent tells it, for programs" },
  },
  examples: [
    ["config diff", "What it would change"],
    ["reload", "The same as SIGHUP, with an answer"],
  ],
  notes: `What did not change is not touched: checks keep their counters, routes get no UPDATE. A changed
check is judged anew, and its routes are left alone until it is.

Exit status 0: applied. 1: the file is invalid, or it would withdraw too much; the configuration
before stays in force. 3: no agent answers. 4: no answer in time; see \`anyctl status\`.`,
  async run({ force = false, json, ...args }, io) {
    const location = await locate(args, io);
    // An agent that is stopped must not be waited for as long as one that reads a large file.
    await askStatus(location.socketPath, io);
    const told = await askReload(location, force, io);
    if ("error" in told) throw new CommandError("refused", told.error);
    const { outcome, problems, warnings, diff, settings } = told;
    const isApplied = outcome === "reloaded";
    if (json === true) io.stdout(`${printableJson(told)}\n`);
    else if (diff !== undefined) {
      io.stdout(writeDiff(diff, settings, { did: isApplied, color: io.color }));
    }
    for (const warning of warnings) io.stderr(`${printable(`warning: ${warning}`)}\n`);
    if (!isApplied) {
      for (const problem of problems) io.stderr(`${printable(problem)}\n`);
      throw new CommandError("refused", `Not reloaded: ${WHY_NOT[outcome]}`);
    }
    if (json !== true) io.stdout(`Reloaded by ${told.actor}: ${hashes(told)}\n`);
    return EXIT.done;
  },
});

const WHY_NOT = {
  "invalid-configuration": "the configuration is invalid; the one before stays in force",
  "mass-withdrawal":
    "it takes away more than half of the announced prefixes; drain the services first, or use --force",
} as const;

async function askReload(
  location: Location,
  force: boolean,
  io: CommandIo,
): Promise<ReloadAnswer | ErrorBody> {
  const proof = await makeProof(folderOf(location, "drains"), force);
  if (proof.problem !== undefined) {
    io.stderr(`anyctl: ${proof.problem}: the record will not say who reloaded\n`);
  }
  try {
    const order = { force, ...(proof.name === undefined ? {} : { proof: proof.name }) };
    return await postReload(location.socketPath, order, io.timers);
  } catch (error) {
    if (!(error instanceof AgentUnreachable)) throw error;
    if (error.code !== "timeout") throw unreachable(error);
    const message = `${error.message}; it may reload all the same, see \`anyctl status\``;
    throw new CommandError("timedOut", message, error);
  } finally {
    await proof.remove();
  }
}

function hashes({ from, to }: ReloadAnswer): string {
  const [before, after] = [from, to].map((hash) => printable(hash.slice(0, 12)) || "none");
  return before === after ? `${after}, as before` : `${before} -> ${after}`;
}
