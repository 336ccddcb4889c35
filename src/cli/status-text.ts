/** The status of the agent for people: tables that are aligned, and nothing that is as it should be twice. */
import type { DrainStatus, Status } from "../control/protocol.ts";
import { age, wait } from "./age.ts";
import { printable } from "./printable.ts";
import { detailOf, EVENT_HEADING, eventRows } from "./status-events.ts";
import { NEIGHBOR_HEADING, neighborRows } from "./status-neighbors.ts";
import { cut, paint, table, type Cell, type Color } from "./table.ts";
import {
  deviates,
  isOverruled,
  listPrefixes,
  roleOf,
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
  /** Of the terminal; absent where there is none. */
  readonly columns?: number | undefined;
}

/** Less of the head is of no use. */
const HEAD_MIN = 20;

/** The drain of the whole PoP. */
const ALL = "_all";

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
  const pins = status.pins.filter(
    ({ service }) => shown.has(service) || !isService(status, service),
  );
  const hasRoles = services.some(({ checks }) => checks.some((check) => roleOf(check) !== ""));
  const roleHeading = hasRoles ? ["ROLE"] : [];
  const sections = [
    writeHead(status, options),
    section(["SERVICE", "STATE", "REASON", "SINCE", "PREFIXES"], serviceRows(services, options)),
    section(["PREFIX", "SERVICE", "WANTED", "TOLD", "ANSWER"], routeRows(services, options)),
    section(NEIGHBOR_HEADING, neighborRows(services, options.isDetailed)),
    section(
      ["CHECK", "TYPE", ...roleHeading, "VERDICT", "SINCE", "STREAK", "LAST", "TOOK", "DETAIL"],
      checkRows(services, roleHeading.length > 0, options),
    ),
    section(EVENT_HEADING, eventRows(services, options.wallMs)),
    section(
      ["DRAIN", "STAGE", "SINCE", "ENDS", "BY", "REASON"],
      drains.map((drain) => drainRow(drain, status, options)),
    ),
    section(["HOLD", "ENDS", "WITHDRAWALS", "ENDED AT ONCE BY"], holdRows(services, options)),
    section(
      ["PIN", "SINCE", "ENDS", "BY", "REASON"],
      pins.map(({ service, since, until, by, reason }) => [
        service,
        age(since, options.wallMs),
        wait(until, options.wallMs),
        by,
        reason,
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
    return rows.length === 0 ? "" : table([heading, ...rows], color, options.columns);
  }
}

/** Who, with which ExaBGP, by which configuration; then the sessions, and what is wrong with the configuration. */
function writeHead(
  status: Status,
  { color, wallMs, columns = Infinity }: StatusTextOptions,
): string {
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
    const instead =
      config.origin === "none" ? "nothing new is announced" : "an earlier one goes on";
    rows.push([{ text: "config" }, colored(`${config.path} is not in force: ${instead}`, "red")]);
    for (const problem of config.problems) rows.push([{ text: "" }, { text: problem }]);
  }
  const width = Math.max(...rows.map(([label]) => label?.text.length ?? 0));
  return rows
    .map(([label, text]) => {
      const name = paint(label ?? { text: "" }, color);
      const padding = " ".repeat(width - (label?.text.length ?? 0));
      return `${name}${padding}  ${paint(safe(text, columns - width - 2), color)}\n`;
    })
    .join("");
}

function serviceRows(services: readonly ServiceStatus[], options: StatusTextOptions): Row[] {
  return services.map((service) => [
    service.name,
    colored(service.state, STATE_COLORS[service.state]),
    reasonOf(service, options),
    age(service.since, options.wallMs),
    listPrefixes(service.routes.map(({ prefix }) => prefix)),
  ]);
}

/** `min-up-time, in 42s`: when the announcement comes. */
function reasonOf({ reason, announcesAt }: ServiceStatus, { wallMs }: StatusTextOptions): string {
  return announcesAt === undefined ? reason : `${reason}, ${wait(announcesAt, wallMs)}`;
}

/** All of them for one service; else only those where ExaBGP is not where it should be, or another service decides. */
function routeRows(services: readonly ServiceStatus[], { isDetailed }: StatusTextOptions): Row[] {
  return services.flatMap(({ name, state, routes }) =>
    routes
      .filter((route) => isDetailed || deviates(route) || isOverruled(state, route))
      .map((route) => [
        route.prefix,
        name,
        route.wanted,
        route.told,
        deviates(route) ? { text: route.answer, color: "yellow" as const } : route.answer,
      ]),
  );
}

function checkRows(
  services: readonly ServiceStatus[],
  hasRoles: boolean,
  { wallMs }: StatusTextOptions,
): Row[] {
  return services.flatMap(({ name, checks }) =>
    checks.map((check) => [
      `${name}/${check.name}`,
      check.type,
      ...(hasRoles ? [roleOf(check) || "-"] : []),
      verdictCell(check),
      age(check.since, wallMs),
      check.streak === "" ? "-" : check.streak,
      check.last?.reason ?? "-",
      check.last === undefined ? "-" : `${check.last.elapsedMs} ms`,
      detailOf(check),
    ]),
  );
}

/** A verdict that no result has counted for lately is what was believed last. */
function verdictCell({ verdict, staleSince }: ServiceStatus["checks"][number]): Cell {
  if (staleSince === undefined) return colored(verdict, VERDICT_COLORS[verdict]);
  return { text: `${verdict}, stale`, color: "yellow" };
}

function drainRow(drain: DrainStatus, { services }: Status, { wallMs }: StatusTextOptions): Row {
  const { service: name, since, until, by, reason, problem } = drain;
  const about = services.filter((service) => name === ALL || service.name === name);
  const text =
    problem === undefined ? reason : `${reason === "" ? "" : `${reason}; `}the file ${problem}`;
  return [name, stageOf(about, wallMs), age(since, wallMs), wait(until, wallMs), by, text];
}

/** Services that wait because they flapped. */
function holdRows(services: readonly ServiceStatus[], { wallMs }: StatusTextOptions): Row[] {
  return services
    .filter(({ state }) => state === "held")
    .map(({ name, heldUntil, withdrawals = 0 }) => [
      name,
      wait(heldUntil, wallMs),
      String(withdrawals),
      `anyctl undrain ${name} --clear-hold`,
    ]);
}

/** `drained`, `draining, out in 42s`; of several services: `2 of 3 drained`. */
function stageOf(services: readonly ServiceStatus[], wallMs: number): Cell {
  const [first] = services;
  if (first === undefined) return { text: "-" };
  if (services.length === 1) {
    const out = first.withdrawsAt === undefined ? "" : `, out ${wait(first.withdrawsAt, wallMs)}`;
    return colored(`${first.state}${out}`, STATE_COLORS[first.state]);
  }
  const drained = services.filter(({ state }) => state === "drained").length;
  return { text: `${drained} of ${services.length} drained` };
}

function isService({ services }: Status, name: string): boolean {
  return services.some((service) => service.name === name);
}

function colored(text: string, color: Color | undefined): Cell {
  return color === undefined ? { text } : { text, color };
}

function safe(cell: Cell | undefined, columns: number): Cell {
  return { ...cell, text: cut(printable(cell?.text ?? ""), Math.max(HEAD_MIN, columns)) };
}
