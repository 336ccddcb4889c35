/** Whether services are back after an undrain, and if not, why. */
import type { Status } from "../control/protocol.ts";
import { CommandError } from "./exit.ts";
import type { CommandIo } from "./io.ts";
import { drainsOf, listNeighbors, openClauses, whyNotBack } from "./order-report.ts";
import { about, isWithheld, neighborsTold, openAnnouncements } from "./order-routes.ts";
import { listPrefixes, type ServiceStatus } from "./status-words.ts";

/** Whether nothing is to be waited for: each service is announced, or another drain keeps it out. */
export function isBackOrStays(status: Status, targets: readonly string[]): boolean {
  const { failed, pending, unsent, unwanted } = openAnnouncements(status, awaited(status, targets));
  return failed.length + pending.length + unsent.length + unwanted.length === 0;
}

function awaited(status: Status, targets: readonly string[]): readonly ServiceStatus[] {
  return about(status, targets).filter(({ name }) => drainsOf(status, name).length === 0);
}

/** @throws {CommandError} `timedOut`, or `refused` if only other drains are in the way. */
export function reportReturn(status: Status, targets: readonly string[], io: CommandIo): void {
  const services = awaited(status, targets);
  const open = openAnnouncements(status, services);
  const clauses = [
    ...services.filter(isUnwanted).map(whyNotBack),
    ...openClauses(open, "announcement", "in time"),
  ];
  if (clauses.length === 0 && open.unwanted.length > 0) {
    clauses.push(`another service keeps ${listPrefixes(open.unwanted)} back`);
  }
  if (clauses.length > 0) {
    throw new CommandError("timedOut", `Not all is announced: ${clauses.join(", and ")}`);
  }
  const drained = about(status, targets).filter((service) => !services.includes(service));
  if (drained.length > 0) {
    const names = listPrefixes(drained.map(({ name }) => name));
    throw new CommandError("refused", `Not all is announced: other drains keep ${names} out`);
  }
  const neighbors = neighborsTold(status, services, "announce");
  const acknowledged = "ExaBGP has acknowledged all announcements";
  const sent =
    status.exabgp.echo === "on" && neighbors.length > 0
      ? `, and has sent them to ${listNeighbors(neighbors)}`
      : "";
  const withheld = services.flatMap((one) => one.routes.filter((route) => isWithheld(one, route)));
  const not =
    withheld.length === 0
      ? ""
      : `; no neighbor can have ${listPrefixes(withheld.map(({ prefix }) => prefix))}, see \`anyctl status\``;
  io.stdout(`${acknowledged}${sent}${not}\n`);
}

/** By its own state; a service that is up may be kept back by one that shares its prefix. */
function isUnwanted({ state, routes }: ServiceStatus): boolean {
  return state !== "up" && state !== "pinned" && routes.some(({ wanted }) => wanted !== "announce");
}
