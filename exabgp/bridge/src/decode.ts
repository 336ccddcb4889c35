/**
 * What a line of ExaBGP says. Everything in it is untrusted: a BGP peer controls strings of an event.
 * Answers are bare words and free text; events are JSON, or `neighbor ...` with `encoder text`.
 */
import { decodeJson } from "./decode-json.ts";
import { decodeText } from "./decode-text.ts";
import { printable } from "./printable.ts";

/** State of one BGP session as ExaBGP reports it; `connected` is TCP only. */
export type SessionState = "up" | "down" | "connected";

/** A change of a session. */
export interface SessionEvent {
  /** Address of the neighbor, canonical. */
  readonly neighbor: string;
  readonly state: SessionState;
  /** ExaBGP's words for a `down`, in printable ASCII, cut; a peer may control them. Empty when there are none. */
  readonly reason: string;
}

/** A prefix that was announced. */
export interface AnnouncedPrefix {
  /** Canonical. */
  readonly prefix: string;
  /** Canonical; empty when the event does not tell. */
  readonly nextHop: string;
}

/** A BGP UPDATE of unicast prefixes: the echo of one that was sent, or one received. */
export interface UpdateEvent {
  /** Address of the neighbor, canonical. */
  readonly neighbor: string;
  readonly direction: "send" | "receive";
  readonly announced: readonly AnnouncedPrefix[];
  /** Canonical prefixes. */
  readonly withdrawn: readonly string[];
  /** As ExaBGP wrote them; untrusted. Empty with `encoder text`. */
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** One line, decoded. */
export type Line =
  | { readonly kind: "empty" }
  /** The end of an answer. */
  | { readonly kind: "done" }
  /** With `text`, 6.0 announces the bare `error` that follows and ends the answer. */
  | { readonly kind: "error"; readonly text: string | undefined }
  /** JSON that is no event: an answer's data. */
  | { readonly kind: "json"; readonly value: unknown }
  /** An answer's data. */
  | { readonly kind: "text"; readonly text: string }
  | ({ readonly kind: "session" } & SessionEvent)
  | ({ readonly kind: "update" } & UpdateEvent)
  | {
      readonly kind: "notification";
      readonly neighbor: string;
      readonly code: number;
      readonly subcode: number;
    }
  /** ExaBGP is about to stop. */
  | { readonly kind: "shutdown" }
  /** An event of a type that this package does not read. */
  | { readonly kind: "event"; readonly type: string }
  /** Looks like an event and is none. */
  | { readonly kind: "malformed"; readonly detail: string };

/** A line of an answer that is not its end. */
export type DataLine = Line & { kind: "text" | "json" };

/** A line of an answer. */
export type AnswerLine = DataLine | (Line & { kind: "done" | "error" });

/** Decodes one line without its newline. Never throws. */
export function decodeLine(line: string): Line {
  const text = line.trimEnd();
  if (text === "") return { kind: "empty" };
  if (text === "done") return { kind: "done" };
  if (text === "error") return { kind: "error", text: undefined };
  if (text.startsWith("error:")) return { kind: "error", text: printable(text.slice(6).trim()) };
  if (text.startsWith("{") || text.startsWith("[")) return decodeJson(text);
  return decodeText(text) ?? { kind: "text", text };
}
