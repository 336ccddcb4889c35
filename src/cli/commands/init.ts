/** `anyctl init` */
import { dirname, join, resolve } from "node:path";
import { defineCommand } from "../command.ts";
import { CommandError, EXIT } from "../exit.ts";
import type { CommandIo } from "../io.ts";
import { configPathOf } from "../location.ts";
import { printableJson } from "../printable.ts";
import { quote } from "../quote.ts";

const text = (describe: string) => ({ type: "string", requiresArg: true, describe }) as const;
const list = (describe: string) =>
  ({ type: "string", array: true, requiresArg: true, describe }) as const;

export const command = defineCommand({
  signature: "init",
  describe: "Write the files of a new PoP: anyctl.yaml, exabgp.conf, exabgp.env, systemd drop-in",
  positionals: {},
  options: {
    preset: text("Provider; see --list-presets [generic]"),
    "list-presets": { type: "boolean", describe: "Show what is known of which provider" },
    pop: text("Name of this PoP [the host name]"),
    prefix: list("Prefix to announce; may be given again"),
    scope: text("global, or local: allows private and documentation space [global]"),
    service: text("Name of the service [by its check]"),
    check: list("URL, tcp:HOST:PORT, dns:SERVER/NAME, unix:PATH, systemd:UNIT; may be given again"),
    "local-as": text("Your AS number"),
    peer: list("Address of a peer; may be given again [of the preset]"),
    "peer-as": text("AS number of the peers [of the preset]"),
    "local-address": list("Own address of the sessions, once per family [of the uplink]"),
    "router-id": text("IPv4 address, different on each router [the IPv4 local address]"),
    multihop: text("Hops to the peers [of the preset]"),
    "hold-time": text("Seconds, 3 to 90 [of the preset, else 30]"),
    "md5-password-file": text("File with the password of the sessions (TCP MD5)"),
    anyctl: text("Program that ExaBGP starts [/usr/bin/anyctl, else this one]"),
    output: text("Write below this folder instead of / [/]"),
    force: { type: "boolean", describe: "Replace files; each is kept as FILE.bak" },
    "dry-run": {
      type: "boolean",
      describe: "Print the files, without the password; write nothing",
    },
    json: { type: "boolean", describe: "With --dry-run or --list-presets: for programs" },
  },
  completes: { preset: "presets", "md5-password-file": "files", anyctl: "files", output: "files" },
  examples: [
    ["init", "Asks for what it must know"],
    [
      "init --preset vultr --local-as 64496 --prefix 203.0.113.0/24 --scope local --check http://127.0.0.1/ --md5-password-file pw --dry-run",
      "Asks nothing",
    ],
  ],
  notes:
    "Exit status 1 if a file is there already, or ExaBGP refuses what would be written: then nothing is written. --config names the anyctl.yaml to write.",
  async run(args, io) {
    const { "dry-run": isDry = false, "list-presets": listsPresets = false, json = false } = args;
    if (json && !isDry && !listsPresets) {
      throw new CommandError("usage", "Cannot use --json without --dry-run or --list-presets");
    }
    if (listsPresets) return await listPresets(json, io);
    // Listened for from the beginning: nothing ends the process between two files.
    const interruption = io.interruption?.() ?? new AbortController().signal;
    const { readGiven, obtainAnswers } = await import("../init/obtain.ts");
    const { pathsOf, planFiles } = await import("../init/files.ts");
    const places = {
      anyctl: await programPath(args.anyctl),
      config: plainPath("--config", configPathOf(args, io)),
    };
    const root = args.output === undefined ? "/" : resolve(io.cwd(), args.output);
    const { existing, writeFiles } = await import("../init/write-files.ts");
    const report = await import("../init/report.ts");
    const inRoot = (path: string): string => join(root, path);
    const { PACKAGED_DROP_IN } = await import("../init/drop-in.ts");
    const hasPackage = existing([inRoot(PACKAGED_DROP_IN)]).length > 0;
    // Before anything is asked.
    const present = existing(pathsOf(places, hasPackage).map(inRoot));
    if (!isDry && present.length > 0 && args.force !== true) {
      throw new CommandError("refused", report.wordPresent(present));
    }
    const outcome = await obtainAnswers(readGiven({ ...args }, io), io, interruption);
    const files = planFiles(outcome.answers, places, hasPackage);
    const targets = files.map((file) => ({ ...file, target: inRoot(file.path) }));
    const { prove } = await import("../init/prove.ts");
    const notes = await prove(files, places, {
      path: io.env["PATH"],
      secret: outcome.answers["md5-password"]?.[0],
      interruption,
    });
    if (isDry) {
      io.stdout(json ? report.filesAsJson(files) : report.filesAsText(files, outcome.assumed));
      for (const note of notes) io.stderr(`anyctl: note: ${note}\n`);
      return EXIT.done;
    }
    const { assignGroups } = await import("../init/groups.ts");
    const grouped = assignGroups(targets, io.uid);
    const backups = writeFiles(
      grouped.files.map(({ target, ...file }) => ({ ...file, path: target })),
      args.force === true,
    );
    const all = [...notes, ...grouped.notes];
    io.stdout(
      report.summary({ targets, backups, notes: all, assumed: outcome.assumed, places, root }),
    );
    return EXIT.done;
  },
});

async function listPresets(json: boolean, io: CommandIo) {
  const { PRESETS } = await import("../init/presets.ts");
  const { presetsAsText } = await import("../init/report.ts");
  io.stdout(json ? `${printableJson(PRESETS)}\n` : presetsAsText(PRESETS, io));
  return EXIT.done;
}

/** What exabgp.conf and a unit can hold without quotes, which break ExaBGP's parser. */
function plainPath(option: string, path: string): string {
  if (/^(?:\/[\w.-]+)+$/.test(path) && !/\/\.{1,2}(?:\/|$)/.test(path)) return path;
  const allowed = "must be an absolute path of letters, digits, dots, hyphens and underscores";
  throw new CommandError("usage", `Cannot use ${option} ${quote(path)}: ${allowed}`);
}

async function programPath(given: string | undefined): Promise<string> {
  if (given !== undefined) return plainPath("--anyctl", given);
  const { existsSync } = await import("node:fs");
  const { fileURLToPath } = await import("node:url");
  const usual = "/usr/bin/anyctl";
  if (existsSync(usual)) return usual;
  const here = fileURLToPath(new URL("../../../../bin/anyctl", import.meta.url));
  return plainPath("--anyctl", join(dirname(here), "anyctl"));
}
