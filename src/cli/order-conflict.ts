/** Whether an order may take the place of another one: nobody's drain ends sooner than its operator said. */
import { userOf } from "./accounts.ts";
import { CommandError } from "./exit.ts";
import type { CommandIo } from "./io.ts";
import { writeTime } from "./local-time.ts";
import { ALL_SERVICES, sudoUser } from "./order-arguments.ts";
import type { Standing, StandingOrder } from "./order-file.ts";
import { printable } from "./printable.ts";

/** More of another operator's reason is not shown in a message. */
const REASON_SHOWN_MAX = 120;

export interface NewOrder {
  readonly noun: "drain" | "pin";
  readonly service: string;
  /** Milliseconds since 1970; undefined: it does not end by itself. */
  readonly endMs: number | undefined;
}

/** @throws {CommandError} `refused` if it would shorten what another operator ordered. */
export function checkConflict(standing: Standing, order: NewOrder, io: CommandIo): void {
  if (standing.kind !== "stands" || isOver(standing, io) || isOwn(standing, io)) return;
  const { noun, service, endMs } = order;
  if (endMs === undefined) return;
  if (standing.untilMs !== undefined && standing.untilMs <= endMs) return;
  const target = service === ALL_SERVICES ? "the whole PoP" : service;
  const word = service === ALL_SERVICES ? "--all" : service;
  const end = standing.untilMs === undefined ? "has no end" : `ends ${writeTime(standing.untilMs)}`;
  const longer =
    standing.untilMs === undefined
      ? "leave out --for and --until"
      : `use --until "${writeTime(standing.untilMs + 999)}" or later`;
  const ways = noun === "pin" ? "" : `${longer}, or `;
  throw new CommandError(
    "refused",
    `Cannot replace the ${noun} of ${target} ${tell(standing)}, which ${end}, by one that ends before: ` +
      `${ways}end it first with \`anyctl un${noun} ${word}\``,
  );
}

/** `by uid:1000(ann) ("kernel upgrade")` */
export function tell({ uid, by, reason }: StandingOrder): string {
  const who = uid === undefined ? "by somebody" : `by ${userOf(uid)}`;
  const sudo = claimedSudo(by);
  const short =
    reason.length > REASON_SHOWN_MAX ? `${reason.slice(0, REASON_SHOWN_MAX)}...` : reason;
  return `${who}${sudo && `, sudo by ${sudo}`}${short === "" ? "" : ` ("${printable(short)}")`}`;
}

export function isOver({ untilMs }: StandingOrder, io: CommandIo): boolean {
  return untilMs !== undefined && untilMs <= io.wallMs();
}

/** Where everybody is root by sudo, the claim tells people apart. */
export function isOwn({ uid, by }: StandingOrder, io: CommandIo): boolean {
  return uid === io.uid && claimedSudo(by) === sudoUser(io.env);
}

function claimedSudo(by: string): string {
  return /, sudo by ([\w.-]{1,64})$/.exec(by)?.[1] ?? "";
}
