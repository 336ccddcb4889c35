/** The listings that ExaBGP can be asked for; at any time one of them is on its way. */
import type { BridgeStatus } from "./bridge-types.ts";
import type { DataLine } from "./decode.ts";
import { Listings, type ListingsOptions } from "./listings.ts";
import { NEIGHBORS, ROUTES } from "./subjects.ts";

export class AllListings {
  readonly routes;
  readonly neighbors;
  /** In the order in which those that wait are asked. */
  readonly #all;

  constructor(options: ListingsOptions) {
    this.routes = new Listings(ROUTES, options);
    this.neighbors = new Listings(NEIGHBORS, options);
    this.#all = [this.neighbors, this.routes];
  }

  get isAsked(): boolean {
    return this.#all.some(({ isAsked }) => isAsked);
  }

  pump(): void {
    for (const one of this.#all) one.pump();
  }

  onData(line: DataLine): boolean {
    const isNeighbors = this.neighbors.isAsked || NEIGHBORS.isOwn(line);
    return (isNeighbors && !this.routes.isAsked ? this.neighbors : this.routes).onData(line);
  }

  onDropped(): void {
    for (const one of this.#all) one.onDropped();
  }

  onEnd(kind: "done" | "error"): void {
    for (const one of this.#all) one.onEnd(kind);
  }

  onBarrier(acks: BridgeStatus["acks"]): void {
    for (const one of this.#all) one.onBarrier(acks);
  }

  giveUp(): void {
    for (const one of this.#all) one.giveUp();
  }

  close(): void {
    for (const one of this.#all) one.close();
  }
}
