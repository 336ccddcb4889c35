/** Talk to ExaBGP from a process that it runs. */
export { Bridge } from "./bridge.ts";
export type {
  BridgeHandlers,
  BridgeOptions,
  BridgeStatus,
  Problem,
  ProblemWord,
  SettledOutcome,
  Settlement,
} from "./bridge.ts";
export type { AnnouncedPrefix, SessionEvent, SessionState, UpdateEvent } from "./decode.ts";
export { dialectOf } from "./dialect.ts";
export type { Dialect, Identity } from "./dialect.ts";
export { encodeAnnounce, encodeWithdraw } from "./encode.ts";
export { normalizeRoute, RouteError, routesEqual } from "./route.ts";
export type { Origin, Route } from "./route.ts";
export type { Timers } from "./timers.ts";
export { LineWriter } from "./writer.ts";
export type { LineWriterOptions } from "./writer.ts";
