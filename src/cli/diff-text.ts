/** What a reload changes, for people: `+`, `-` and `~` line by line, then what the routers see of it. */
import type { ReloadAnswer, SettingsDiff } from "../control/reload-protocol.ts";
import { printable } from "./printable.ts";
import { listPrefixes } from "./status-words.ts";
import { paint, type Color } from "./table.ts";

type ReloadDiff = NonNullable<ReloadAnswer["diff"]>;
type PrefixChange = ReloadDiff["prefixes"][number];

interface Line {
  readonly text: string;
  readonly color?: Color;
}

const SIGNS = { added: "+", removed: "-", changed: "~" } as const;
const COLORS = { added: "green", removed: "red", changed: "yellow" } as const;

/** Whether there is nothing to tell. */
function isUnchanged(diff: ReloadDiff, settings: SettingsDiff): boolean {
  const { now, services, decisions, prefixes, checks } = diff;
  const lists = [now.withdrawn, now.changed, now.announced, decisions, prefixes, checks];
  const names = [services.added, services.removed, services.changed];
  return [...lists, ...names, settings.now, settings.atRestart].every(({ length }) => length === 0);
}

/** @param did Whether it has happened. */
export function writeDiff(
  diff: ReloadDiff,
  settings: SettingsDiff,
  { did, color }: { readonly did: boolean; readonly color: boolean },
): string {
  if (isUnchanged(diff, settings)) return "No change\n";
  const lines: Line[] = [
    ...settingLines(settings),
    ...serviceLines(diff),
    ...diff.prefixes.flatMap(prefixLines),
    ...diff.checks.map(({ change, check }) =>
      line(change, `check ${check}${change === "removed" ? "" : ": judged anew"}`),
    ),
    { text: "" },
    ...effectLines(diff, did),
  ];
  return lines
    .map(({ text, color: name }) => {
      const shown = printable(text);
      return `${paint({ text: shown, ...(name && { color: name }) }, color)}\n`;
    })
    .join("");
}

function line(change: keyof typeof SIGNS, text: string): Line {
  return { text: `${SIGNS[change]} ${text}`, color: COLORS[change] };
}

function settingLines({ now, atRestart }: SettingsDiff): Line[] {
  return [
    ...now.map((key) => line("changed", key)),
    ...atRestart.map((key) => line("changed", `${key}: not before the agent is restarted`)),
  ];
}

function serviceLines({ services, decisions }: ReloadDiff): Line[] {
  const { added, removed, changed } = services;
  const stays = (service: string) => !added.includes(service) && !removed.includes(service);
  return [
    ...added.map((name) => line("added", `service ${name}`)),
    ...removed.map((name) => line("removed", `service ${name}`)),
    ...changed.map((name) => line("changed", `service ${name}: decides otherwise`)),
    ...decisions
      .filter(({ service }) => stays(service))
      .map(({ service, from, to, reason }) =>
        line("changed", `service ${service}: ${from} -> ${to} (${reason})`),
      ),
  ];
}

function prefixLines({ change, prefix, services, announced, attributes }: PrefixChange): Line[] {
  const now = announced ? ", announced now" : "";
  return [
    line(change, `${prefix} (${services.join(", ")}${now})`),
    ...attributes.flatMap(({ state, before, after }): Line[] => [
      ...(change === "added" ? [] : [attributeLine("removed", state, before)]),
      ...(change === "removed" ? [] : [attributeLine("added", state, after)]),
    ]),
  ];
}

function attributeLine(change: "added" | "removed", state: string, text: string | null): Line {
  return {
    text: `    ${SIGNS[change]} ${state}: ${text ?? "withdrawn"}`,
    color: COLORS[change],
  };
}

function effectLines(diff: ReloadDiff, did: boolean): Line[] {
  const { now, later, unchanged, lost, announced, massWithdrawal } = diff;
  const effects = [
    [did ? "Withdrawn" : "Withdrawn at once", now.withdrawn],
    [did ? "Announced with other attributes" : "Announced anew at once", now.changed],
    [did ? "Announced" : "Announced at once", now.announced],
    ["To be announced when their checks have passed", later],
  ] as const;
  const { services, prefixes, checks } = unchanged;
  const refusal = `Takes away ${lost} of ${announced} announced prefixes: refused without --force`;
  return [
    ...effects.flatMap(([what, list]) =>
      list.length === 0 ? [] : [{ text: `${what}: ${listPrefixes(list)}` }],
    ),
    { text: `Unchanged: services ${services}, prefixes ${prefixes}, checks ${checks}` },
    ...(massWithdrawal && !did ? [{ text: refusal, color: "red" as const }] : []),
  ];
}
