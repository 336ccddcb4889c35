/** `anyctl doctor` */
import { resolve } from "node:path";
import { defineCommand } from "../command.ts";
import { countsOf, diagnosisJson, writeDiagnosis } from "../doctor-text.ts";
import { CommandError, EXIT } from "../exit.ts";
import type { CommandIo } from "../io.ts";
import { configPathOf, locate } from "../location.ts";
import { printableJson } from "../printable.ts";
import { readVersion } from "../version.ts";

export const command = defineCommand({
  signature: "doctor",
  describe: "Look whether this host is ready: ExaBGP, addresses, kernel, unit, files",
  positionals: {},
  options: {
    json: { type: "boolean", describe: "One object with all findings, for programs" },
    canary: {
      type: "string",
      requiresArg: true,
      describe: "Instead: announce and withdraw this prefix (with no-export), and tell each step",
    },
    "exabgp-conf": {
      type: "string",
      requiresArg: true,
      describe: "ExaBGP's configuration [of the running ExaBGP, else /etc/exabgp/exabgp.conf]",
    },
    env: {
      type: "string",
      requiresArg: true,
      describe: "ExaBGP's settings [of the running ExaBGP, else /etc/exabgp/exabgp.env]",
    },
  },
  completes: { "exabgp-conf": "files", env: "files" },
  examples: [
    ["doctor", "Before ExaBGP is started, and when something is odd"],
    [
      "doctor --canary 198.51.100.0/24",
      "Does withdrawing work? With a prefix of yours that serves nobody",
    ],
    ["doctor --json | jq -r '.findings[].rule'", "For programs"],
  ],
  notes:
    "Exit status 1 if there is an error; warnings are none. What could not be looked at is told as skipped. Changes nothing.",
  async run({ json = false, canary, "exabgp-conf": conf, env, ...args }, io) {
    if (canary !== undefined) {
      if (conf !== undefined || env !== undefined) {
        throw new CommandError("usage", "Cannot use --canary together with --exabgp-conf or --env");
      }
      const { runCanary } = await import("../canary.ts");
      return await runCanary(canary, await locate(args, io), json, io);
    }
    const { gatherHost } = await import("../../doctor/gather.ts");
    const { judge } = await import("../../doctor/rule.ts");
    const { RULES } = await import("../../doctor/rules.ts");
    const host = await gatherHost({
      configPath: configPathOf(args, io),
      confPath: pathOf("--exabgp-conf", conf, io),
      envPath: pathOf("--env", env, io),
      ownVersion: readVersion(),
      timers: io.timers,
      env: io.env,
    });
    const diagnosis = judge(host, RULES);
    io.stdout(
      json
        ? `${printableJson(diagnosisJson(diagnosis, RULES.length))}\n`
        : writeDiagnosis(diagnosis, RULES.length, io.color),
    );
    return countsOf(diagnosis).error === 0 ? EXIT.done : EXIT.refused;
  },
});

/** @throws {CommandError} `usage` */
function pathOf(option: string, path: string | undefined, io: CommandIo): string | undefined {
  if (path === undefined) return undefined;
  if (path === "" || path.includes("\0")) {
    throw new CommandError("usage", `Cannot use ${option} ${JSON.stringify(path)}: must be a path`);
  }
  return path.startsWith("/") ? path : resolve(io.cwd(), path);
}
