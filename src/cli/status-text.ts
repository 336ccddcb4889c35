/** The status of the agent for people: tables that are aligned, and nothing that is as it should be twice. */
import type { Status } from "../control/protocol.ts";
import { age } from "./age.ts";
import { printable } from "./printable.ts";
import { paint, table, type Cell, type Color } from "./table.ts";
import {
  deviates,
  listPrefixes,
  SESSION_COLORS,
  STATE_COLORS,
  VERDICT_COLORS,
  type ServiceStatus,
} from "./status-words.ts";

export interface StatusTextOptions {
  readonly color: boolean;
  readonly wallMs: number;
  /** Every prefix, and not only the first of each service. */
  readonly isDetailed: boolean;
}

type Row = readonly (Cell | string)[];

/** @param services Those to be shown. */
export function writeStatus(
  status: Status,
  services: readonly ServiceStatus[],
  options: StatusTextOptions,
): string {
  const { color } = options;
  const shown = new Set(services.map(({ name }) => name));
  const drains = status.drains.filter(
    ({ service }) => shown.has(service) || !isService(status, service),
  );
  const sections = [
    writeHead(status, options),
    section(["SERVICE", "STATE", "REASON", "SINCE", "PREFIXES"], serviceRows(services, options)),
    section(["PREFIX", "SERVICE", "WANTED", "TOLD", "ANSWER"], routeRows(services, options)),
    section(
      ["CHECK", "TYPE", "VERDICT", "SINCE", "STREAK", "LAST", "TOOK", "DETAIL"],
      checkRows(services, options),
    ),
    section(
      ["DRAIN", "SINCE", "BY", "REASON"],
      drains.map(({ service, since, by, reason, problem }) => [
        service,
        age(since, options.wallMs),
        by,
        problem === undefined ? reason : `${reason === "" ? "" : `${reason}; `}the file ${problem}`,
      ]),
    ),
    section(
      ["PROBLEM", "SINCE", "DETAIL"],
      status.problems.map(({ word, since, detail }) => [
        { text: word, color: "red" },
        age(since, options.wallMs),
        detail,
      ]),
    ),
  ];
  return sections.filter((text) => text !== "").join("\n");

  function section(heading: Row, rows: readonly Row[]): string {
    return rows.length === 0 ? "" : table([heading, ...rows], color);
  }
}

/** Who, with which ExaBGP, by which configuration; then the sessions, and what is wrong with the configuration. */
function writeHead(status: Status, { color, wallMs }: StatusTextOptions): string {
  const { pop, agent, exabgp, config, sessions } = status;
  const about = [
    `anyctl ${agent.version} for ${age(agent.since, wallMs)}`,
    exabgp.version === undefined
      ? `ExaBGP has not answered yet (${exabgp.phase})`
      : `ExaBGP ${exabgp.version} ${exabgp.phase}`,
    ...(exabgp.acks === "off" ? ["acks are off"] : []),
    config.origin === "none" ? "no configuration" : `config ${config.hash.slice(0, 12)}`,
  ];
  const rows: Cell[][] = [[{ text: pop, color: "bold" }, { text: about.join(", ") }]];
  for (const { neighbor, state, reason } of sessions) {
    const why = state === "up" || reason === "" ? "" : ` (${reason})`;
    rows.push([{ text: "session" }, colored(`${neighbor} ${state}${why}`, SESSION_COLORS[state])]);
  }
  if (sessions.length === 0) rows.push([{ text: "session" }, { text: "none heard of yet" }]);
  if (!config.current) {
    const instead = config.origin === "none" ? "nothing is announced" : "an earlier one goes on";
    rows.push([{ text: "config" }, colored(`${config.path} is not in force: ${instead}`, "red")]);
    for (const problem of config.problems) rows.push([{ text: "" }, { text: problem }]);
  }
  const width = Math.max(...rows.map(([label]) => label?.text.length ?? 0));
  return rows
    .map(([label, text]) => {
      const name = paint(label ?? { text: "" }, color);
      const padding = " ".repeat(width - (label?.text.length ?? 0));
      return `${name}${padding}  ${paint(safe(text), color)}\n`;
    })
    .join("");
}

function serviceRows(services: readonly ServiceStatus[], options: StatusTextOptions): Row[] {
  return services.map(({ name, state, reason, since, routes }) => [
    name,
    colored(state, STATE_COLORS[state]),
    reason,
    age(since, options.wallMs),
    listPrefixes(routes.map(({ prefix }) => prefix)),
  ]);
}

/** All of them for one service; else only those where ExaBGP is not where it should be. */
function routeRows(services: readonly ServiceStatus[], { isDetailed }: StatusTextOptions): Row[] {
  return services.flatMap(({ name, routes }) =>
    routes
      .filter((route) => isDetailed || deviates(route))
      .map((route) => [
        route.prefix,
        name,
        route.wanted,
        route.told,
        deviates(route) ? { text: route.answer, color: "yellow" as const } : route.answer,
      ]),
  );
}

function checkRows(services: readonly ServiceStatus[], { wallMs }: StatusTextOptions): Row[] {
  return services.flatMap(({ name, checks }) =>
    checks.map((check) => [
      `${name}/${check.name}`,
      check.type,
      colored(check.verdict, VERDICT_COLORS[check.verdict]),
      age(check.since, wallMs),
      check.streak === "" ? "-" : check.streak,
      check.last?.reason ?? "-",
      check.last === undefined ? "-" : `${check.last.elapsedMs} ms`,
      check.last?.detail ?? "",
    ]),
  );
}

function isService({ services }: Status, name: string): boolean {
  return services.some((service) => service.name === name);
}

function colored(text: string, color: Color | undefined): Cell {
  return color === undefined ? { text } : { text, color };
}

function safe(cell: Cell | undefined): Cell {
  return { ...cell, text: printable(cell?.text ?? "") };
}
