/** What a simulated ExaBGP holds for one neighbor, what it has yet to send, and what that neighbor has got. */

export interface Peer {
  readonly address: string;
  readonly families: readonly ("ipv4" | "ipv6")[];
}

export interface SentUpdate {
  readonly neighbor: string;
  readonly action: "announce" | "withdraw";
  readonly prefix: string;
  readonly attributes: string;
}

export class NeighborRib {
  readonly peer: Peer;
  isUp = false;
  /** Attributes by prefix. */
  readonly held = new Map<string, string>();
  /** What the neighbor has: empty without a session. */
  readonly wire = new Map<string, string>();
  /** By attribute set, in the order of their first appearance: that is the order in which they are sent. */
  readonly #pending = new Map<string, Map<string, "announce" | "withdraw">>();

  constructor(peer: Peer) {
    this.peer = peer;
  }

  get isPending(): boolean {
    return this.isUp && this.#pending.size > 0;
  }

  takes(prefix: string): boolean {
    return this.peer.families.includes(prefix.includes(":") ? "ipv6" : "ipv4");
  }

  announce(prefix: string, attributes: string): void {
    // The same again is no UPDATE.
    if (this.held.get(prefix) === attributes) return;
    this.held.set(prefix, attributes);
    this.#put(prefix, attributes, "announce");
  }

  /** What was never announced is withdrawn by an UPDATE all the same. */
  withdraw(prefix: string, attributes: string): void {
    this.held.delete(prefix);
    this.#put(prefix, attributes, "withdraw");
  }

  /** @param count Routes at most. */
  send(count: number): SentUpdate[] {
    const sent: SentUpdate[] = [];
    if (!this.isUp) return sent;
    for (const [attributes, changes] of this.#pending) {
      for (const [prefix, action] of changes) {
        if (sent.length >= count) return sent;
        changes.delete(prefix);
        if (action === "announce") this.wire.set(prefix, attributes);
        else this.wire.delete(prefix);
        sent.push({ neighbor: this.peer.address, action, prefix, attributes });
      }
      this.#pending.delete(attributes);
    }
    return sent;
  }

  /** All that is held is sent anew. */
  up(): void {
    this.isUp = true;
    this.#pending.clear();
    for (const [prefix, attributes] of this.held) this.#put(prefix, attributes, "announce");
  }

  down(): void {
    this.isUp = false;
    this.wire.clear();
    this.#pending.clear();
  }

  #put(prefix: string, attributes: string, action: "announce" | "withdraw"): void {
    if (!this.isUp) return;
    const known = this.#pending.get(attributes);
    if (known === undefined) this.#pending.set(attributes, new Map([[prefix, action]]));
    else known.set(prefix, action);
  }
}
