/** Metrics as text, in slices: a scrape of thousands of series must not keep a probe waiting. */
import type { Metric } from "prom-client";
import { Registry } from "./prom-client.ts";
import type { Clock } from "../clock.ts";

/**
 * All series of one metric name, a few at a time: each metric that comes out is rendered before the next one is
 * asked for, so it may be the same object, filled anew.
 */
export type Family = Iterable<Metric>;

/** Series that one metric of a family has at most: half a millisecond on a slow host. */
export const PART_SERIES_MAX = 100;

/** Then the event loop has its turn: a probe that is due meanwhile is this much late, and a part. */
const SLICE_MS = 1;

/** Two scrapers, or one that repeats itself, get the same text. */
const KEPT_MS = 1000;

export class Exposition {
  readonly #families: () => Iterable<Family>;
  readonly #clock: Pick<Clock, "nowMs">;
  #body: Promise<Uint8Array> | undefined;
  /** Infinity while it is being made. */
  #endsAtMs = 0;

  /** @param families What there is at this moment. */
  constructor(families: () => Iterable<Family>, clock: Pick<Clock, "nowMs">) {
    this.#families = families;
    this.#clock = clock;
  }

  /** UTF-8, at most a second old. Nobody may write into it: all who ask get the same bytes. */
  body(): Promise<Uint8Array> {
    if (this.#body === undefined || this.#clock.nowMs() >= this.#endsAtMs)
      this.#body = this.#make();
    return this.#body;
  }

  async #make(): Promise<Uint8Array> {
    this.#endsAtMs = Number.POSITIVE_INFINITY;
    try {
      const body = Buffer.from(await expose(this.#families(), this.#clock));
      this.#endsAtMs = this.#clock.nowMs() + KEPT_MS;
      return body;
    } catch (error) {
      this.#endsAtMs = 0;
      throw error;
    }
  }
}

/** @param clock Says when a slice is over. */
export async function expose(
  families: Iterable<Family>,
  clock: Pick<Clock, "nowMs">,
): Promise<string> {
  const registry = new Registry();
  const texts: string[] = [];
  let beganMs = clock.nowMs();
  for (const family of families) {
    let isFirst = true;
    for (const part of family) {
      registry.registerMetric(part);
      const text = await registry.metrics();
      registry.clear();
      texts.push(isFirst ? text : withoutHead(text));
      isFirst = false;
      if (clock.nowMs() - beganMs < SLICE_MS) continue;
      await turn();
      beganMs = clock.nowMs();
    }
  }
  return texts.join("");
}

/** A metric's text begins with a line of help and one with its type: they stand once per family. */
function withoutHead(text: string): string {
  const second = text.indexOf("\n") + 1;
  return text.slice(text.indexOf("\n", second) + 1);
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
