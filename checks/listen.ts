/** The contract between the agent and what is heard about a target between two polls. */

/**
 * What was heard. An event says that something happened, never that the service is dead: an idle timeout of a
 * server looks like its end. It starts a burst of probes; their results decide.
 */
export type EventWord = "connection-lost" | "unit-changed" | "file-changed";

/** @param detail What was heard, for people: printable ASCII, at most `DETAIL_MAX` characters. */
export type Heard = (word: EventWord, detail: string) => void;

/**
 * Listens from the call until `close`. What goes wrong in listening itself (no connection, no bus, no inotify) is
 * tried again with growing pauses and is never an event: the polls go on without it.
 */
export type Listen = (heard: Heard) => Listener;

export interface Listener {
  /** Whether an event would be heard now; false while what it listens to cannot be reached. */
  readonly isListening: boolean;
  /** Nothing is heard afterwards; everything that was opened is closed. */
  close(): void;
}
