/** Talk to ExaBGP from a process that it runs. */
export { Bridge } from "./bridge.ts";
export type {
  BridgeHandlers,
  BridgeOptions,
  BridgeStatus,
  Phase,
  Problem,
  ProblemWord,
} from "./bridge-types.ts";
export { ANNOUNCEMENTS_IN_FLIGHT_MAX, UNREAD_BYTES_MAX } from "./commands.ts";
export { COMMUNITIES_MAX, EXTENDED_COMMUNITIES_MAX, LARGE_COMMUNITIES_MAX } from "./communities.ts";
export { decodeLine } from "./decode.ts";
export type { AnnouncedPrefix, Line, SessionEvent, SessionState, UpdateEvent } from "./decode.ts";
export { dialectOf } from "./dialect.ts";
export type { Dialect, Identity } from "./dialect.ts";
export { encodeAnnounce, encodeWithdraw } from "./encode.ts";
export { BARRIER_QUESTIONS, isCommandLine } from "./grammar.ts";
export { LINE_LENGTH_MAX, LineReader } from "./line-reader.ts";
export type { LineReaderHandlers } from "./line-reader.ts";
export type { ConfiguredNeighbor, NeighborsListed, NeighborsListing } from "./listed-neighbor.ts";
export { LISTED_ROUTES_MAX } from "./listed-route.ts";
export type { Listed, ListedRoute, ListingOutcome, RoutesListing } from "./listed-route.ts";
export { RouteError } from "./route-error.ts";
export { AS_PATH_MAX, NEIGHBORS_MAX, normalizeRoute, routesEqual } from "./route.ts";
export type { Origin, Route } from "./route.ts";
export type { Settled, SettledOutcome, Settlement } from "./settlement.ts";
export type { Timers } from "./timers.ts";
export { BACKLOG_BYTES_MAX, LineWriter } from "./writer.ts";
export type { LineWriterOptions, WriteGuard } from "./writer.ts";
