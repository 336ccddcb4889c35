/** `anyctl why` */
import type { Subject } from "../../control/explanation.ts";
import { askWhy } from "../agent-client.ts";
import { defineCommand } from "../command.ts";
import { CommandError, EXIT } from "../exit.ts";
import { fill } from "../fill.ts";
import { locate } from "../location.ts";
import { checkName } from "../names.ts";
import { printable, printableJson } from "../printable.ts";

const ALLOWED = "the name of a service, or a prefix such as 192.0.2.0/24 or 2001:db8::/48";

/** Longer lines are hard to read. */
const COLUMNS_MAX = 100;

export const command = defineCommand({
  signature: "why [subject]",
  describe: "Say why a service or a prefix is, or is not, announced, and what would change it",
  positionals: {
    subject: { type: "string", describe: "SERVICE or PREFIX; required" },
  },
  options: { json: { type: "boolean", describe: "Sentence by sentence, for programs" } },
  examples: [
    ["why dns", "State, evidence, and what would change it"],
    ["why 192.0.2.0/24", "What ExaBGP was told, and by which services"],
  ],
  async run({ subject: name, json, ...args }, io) {
    const subject = await subjectOf(name);
    const { socketPath } = await locate(args, io);
    const told = await askWhy(socketPath, subject, io);
    if (json === true) io.stdout(`${printableJson(told)}\n`);
    else {
      const columns = Math.min(io.columns ?? Infinity, COLUMNS_MAX);
      const text = printable(told.text);
      io.stdout(`${io.columns === undefined ? text : fill(text, columns)}\n`);
    }
    return EXIT.done;
  },
});

/** No name of a service has a slash, a dot or a colon. */
async function subjectOf(name: string | undefined): Promise<Subject> {
  if (name === undefined) throw new CommandError("usage", `Missing SUBJECT; allowed: ${ALLOWED}`);
  if (!/[/.:]/.test(name)) {
    checkName("service", name);
    return { kind: "service", name };
  }
  const { parsePrefix } = await import("../../config/prefix.ts");
  if (parsePrefix(name) !== undefined) return { kind: "prefix", name };
  const shown = JSON.stringify(name.slice(0, 80));
  throw new CommandError("usage", `Cannot use ${shown}: must be ${ALLOWED}`);
}
