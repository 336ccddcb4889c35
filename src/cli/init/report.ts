/** What is told of the files. */
import type { CommandIo } from "../io.ts";
import { printable, printableJson } from "../printable.ts";
import { table } from "../table.ts";
import type { Assumed } from "./interview.ts";
import type { Places, PlannedFile } from "./files.ts";
import type { Preset } from "./presets.ts";

export function wordPresent(paths: readonly string[]): string {
  const [first] = paths;
  const what = paths.length === 1 && first !== undefined ? first : paths.join(", ");
  const are = paths.length === 1 ? "is there" : "are there";
  return `Cannot write: ${what} ${are} already; --force keeps each as FILE.bak, and replaces it. Nothing was written`;
}

export function filesAsText(files: readonly PlannedFile[], assumed: readonly Assumed[]): string {
  const parts = files.map(
    (file) => `==> ${file.path} (${attributesOf(file)}) <==\n${printableLines(file.shown)}\n`,
  );
  return `${parts.join("")}${assumedLines(assumed)}`;
}

export function filesAsJson(files: readonly PlannedFile[]): string {
  const all = files.map(({ path, mode, group, shown }) => ({
    path,
    mode: octal(mode),
    owner: "root",
    group: group ?? "root",
    text: shown,
  }));
  return `${printableJson({ files: all })}\n`;
}

export function summary({
  targets,
  backups,
  notes,
  assumed,
  places,
  root,
}: {
  readonly targets: readonly (PlannedFile & { readonly target: string })[];
  readonly backups: readonly string[];
  readonly notes: readonly string[];
  readonly assumed: readonly Assumed[];
  readonly places: Places;
  readonly root: string;
}): string {
  const lines = [
    ...targets.map(({ target, ...file }) => `Written: ${target} (${attributesOf(file)})`),
    ...backups.map((backup) => `Kept: ${backup}`),
    ...notes.map((note) => `Note: ${note}`),
  ];
  const next =
    root === "/"
      ? [
          "Next:",
          `  anyctl config check ${places.config}`,
          "  anyctl check",
          // Names what init cannot see to: the service's address, the route to the neighbor, rp_filter.
          "  anyctl doctor",
          "  systemctl daemon-reload && systemctl restart exabgp",
          "  anyctl status --watch",
        ]
      : [];
  const shown = [...lines, ...next].map((line) => `${printable(line)}\n`);
  return `${shown.slice(0, lines.length).join("")}${assumedLines(assumed)}${shown.slice(lines.length).join("")}`;
}

/** What nobody said must be seen by somebody. */
function assumedLines(assumed: readonly Assumed[]): string {
  return assumed
    .filter(({ from }) => from !== "")
    .map(
      ({ key, values, from }) =>
        `${printable(`Assumed: --${key} ${values.join(" ")} (${from})`)}\n`,
    )
    .join("");
}

export function presetsAsText(presets: readonly Preset[], { color }: CommandIo): string {
  const rows = presets.map(({ name, about, peerAs, peers, holdTime, multihop, md5 }) => [
    name,
    peerAs === undefined ? "-" : String(peerAs),
    peers.length === 0 ? "-" : peers.join(" "),
    String(multihop),
    md5 ? "yes" : "-",
    `${holdTime}s`,
    about,
  ]);
  return table([["PRESET", "PEER AS", "PEERS", "HOPS", "MD5", "HOLD", "ABOUT"], ...rows], color);
}

function attributesOf({ mode, group }: PlannedFile): string {
  return `mode ${octal(mode)}, root:${group ?? "root"}`;
}

function octal(mode: number): string {
  return `0${mode.toString(8)}`;
}

function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}
