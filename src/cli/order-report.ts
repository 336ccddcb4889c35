/** What people read about an order: what stands, until when, what is still open, what happens next. */
import type { DrainStatus, Status } from "../control/protocol.ts";
import { span } from "../core/span.ts";
import type { CommandIo } from "./io.ts";
import { writeTime } from "./local-time.ts";
import { ALL_SERVICES } from "./order-arguments.ts";
import { isOver, isOwn, tell } from "./order-conflict.ts";
import type { Standing } from "./order-file.ts";
import { about, type Open } from "./order-routes.ts";
import { printable } from "./printable.ts";
import { listPrefixes, STATE_COLORS, summarizeRoutes, type ServiceStatus } from "./status-words.ts";
import { table, type Cell } from "./table.ts";

/** More neighbors are only counted. */
const NEIGHBORS_SHOWN = 4;

/** One line for each service that `targets` are about. */
export function printServices(status: Status, targets: readonly string[], io: CommandIo): void {
  const services = about(status, targets);
  if (services.length === 0) return;
  const rows: (Cell | string)[][] = services.map(({ name, state, reason, routes }) => [
    name,
    { text: state, color: STATE_COLORS[state] },
    reason,
    summarizeRoutes(routes),
  ]);
  io.stdout(table([["SERVICE", "STATE", "REASON", "ROUTES"], ...rows], io.color));
}

/** `The drain stands: /var/lib/anyctl/drains/dns` */
export function printStanding(noun: "drain" | "pin", path: string, io: CommandIo): void {
  io.stdout(`The ${noun} stands: ${printable(path)}\n`);
}

/** Whose order it is that was replaced; nothing where it is the operator's own. */
export function printReplaced(noun: "drain" | "pin", replaced: Standing, io: CommandIo): void {
  if (replaced.kind !== "stands" || isOver(replaced, io) || isOwn(replaced, io)) return;
  io.stdout(`It replaces the ${noun} ${tell(replaced)}\n`);
}

/** `2026-03-01 22:30:00+01:00 (in 59m 58s)` */
export function timeAhead(timeMs: number, io: CommandIo): string {
  // Up to a whole second, so that what was ordered for 2h is not told to end in 1h 59m.
  const leftMs = Math.ceil((timeMs - io.wallMs()) / 1000) * 1000;
  return `${writeTime(timeMs)} (in ${span(leftMs)})`;
}

/** What is still open of the withdrawal (or announcement) of prefixes, each part a clause. */
export function openClauses(
  open: Pick<Open, "failed" | "pending" | "unsent"> & Partial<Pick<Open, "staged">>,
  noun: "withdrawal" | "announcement",
  within: "within 2 s" | "in time",
): string[] {
  const { failed, pending, unsent, staged = [] } = open;
  const neighbors = [...new Set(unsent.flatMap((one) => one.neighbors))].toSorted();
  return [
    ...staged.map(({ service, withdrawsAt }) => {
      const endMs = Date.parse(withdrawsAt ?? "");
      return `${service} is still draining${Number.isNaN(endMs) ? "" : ` until ${writeTime(endMs)}`}`;
    }),
    ...(failed.length === 0
      ? []
      : [`ExaBGP did not accept the ${noun} of ${listPrefixes(failed)}`]),
    ...(pending.length === 0
      ? []
      : [`ExaBGP has not answered the ${noun} of ${listPrefixes(pending)} ${within}`]),
    ...(unsent.length === 0
      ? []
      : [
          `no UPDATE with the ${noun} of ${listPrefixes(unsent.map(({ prefix }) => prefix))} was seen to go to ${listNeighbors(neighbors)}`,
        ]),
  ];
}

/** `198.51.100.1, 198.51.100.2 and 3 more` */
export function listNeighbors(neighbors: readonly string[]): string {
  if (neighbors.length <= NEIGHBORS_SHOWN) return neighbors.join(", ");
  const more = neighbors.length - NEIGHBORS_SHOWN;
  return `${neighbors.slice(0, NEIGHBORS_SHOWN).join(", ")} and ${more} more`;
}

/** The drains that cover `service`, but for those named in `except`. */
export function drainsOf(
  { drains }: Status,
  service: string,
  except: readonly string[] = [],
): readonly DrainStatus[] {
  return drains.filter(
    (drain) =>
      [service, ALL_SERVICES].includes(drain.service) &&
      !(drain.kind === "operator" && except.includes(drain.service)),
  );
}

/** `dns is drained all the same by a maintenance window until …: "weekly"; it ends by itself` */
export function stillDrained(service: string, drain: DrainStatus): string {
  const { kind, by, until, reason } = drain;
  const whole = drain.service === ALL_SERVICES ? ", with the whole PoP," : "";
  const who = kind === "window" ? "a maintenance window" : by;
  const endMs = Date.parse(until ?? "");
  const end = Number.isNaN(endMs) ? "" : ` until ${writeTime(endMs)}`;
  const why = reason === "" ? "" : ` (${JSON.stringify(reason)})`;
  const way =
    kind === "window"
      ? "undrain does not end it"
      : `see \`anyctl undrain ${drain.service === ALL_SERVICES ? "--all" : service}\``;
  return printable(`${service} is drained all the same${whole} by ${who}${end}${why}; ${way}`);
}

/** `dns is down (check-down): resolver refused, 127.0.0.1:53 refused the connection` */
export function whyNotBack({ name, state, reason, heldUntil, checks }: ServiceStatus): string {
  const contrary = checks.filter(({ verdict }) => verdict !== "up");
  const evidence = contrary.map(({ name: check, verdict, last }) =>
    last === undefined || last.outcome === "pass"
      ? `${check} ${verdict}`
      : `${check} ${last.reason}${last.detail === "" ? "" : `, ${last.detail}`}`,
  );
  const why = evidence.length === 0 ? "" : `: ${evidence.slice(0, 3).join("; ")}`;
  const endMs = Date.parse(heldUntil ?? "");
  const end = Number.isNaN(endMs) ? "" : ` until ${writeTime(endMs)}`;
  return printable(`${name} is ${state} (${reason})${end}${why}`);
}
