/** A whole bridge whose ExaBGP says anything at any time: in the middle of answers, as bytes of any kind, in any chunks. */
import assert from "node:assert/strict";
import { isIP } from "node:net";
import { Readable } from "node:stream";
import {
  Bridge,
  encodeAnnounce,
  encodeWithdraw,
  isCommandLine,
  type NeighborsListing,
  type Route,
} from "exabgp-ts-bridge";
import fc from "fast-check";
import { manualTimers, type ManualTimers } from "../../checks/manual-timers.ts";
import { toldBy } from "../command-line.ts";
import { waitingTarget } from "../target.ts";
import { babble, bytesOf, nasty, oddJson } from "../texts.ts";

const HEADER = "Peer            AS        up/down state       |     #sent     #recvd\n";
const LISTED =
  "neighbor 192.0.2.1 local-ip 192.0.2.2 local-as 64496 peer-as 64497 router-id 192.0.2.2 family-allowed in-open ipv4 unicast 203.0.113.0/24 next-hop self med 5\n";
const CONFIGURED = `neighbor 192.0.2.1 {
  local-address 192.0.2.2;
  local-as 64496;
  peer-as 64497;
  family {
    ipv4 unicast;
    ipv6 unicast;
  }
  api {
    processes [ anyctl other ];
  }
}
`;
const SAYINGS = [
  "done\n",
  "done\n",
  "error\n",
  "error: no\nerror\n",
  "exabgp 4.2.21\ndone\n",
  "exabgp 5.0.15\n",
  `${HEADER}done\n`,
  HEADER,
  LISTED,
  CONFIGURED,
  ...CONFIGURED.split(/(?<=\n)/),
  "neighbor 192.0.2.1 up\n",
  "neighbor 192.0.2.1 down - x\n",
  "shutdown 1 2\n",
  "neighbor 192.0.2.1 send update announced 192.0.2.0/24 next-hop 192.0.2.2\n",
  '{"exabgp":"4.0.1","type":"state","neighbor":{"address":{"peer":"192.0.2.1"},"state":"up"}}\n',
  "[]\n",
  '{"a":1}\n',
  "done",
  "\n",
];
const PREFIXES = ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/48"];

type Step =
  | { readonly do: "say"; readonly bytes: Buffer }
  | { readonly do: "answer"; readonly lines: number }
  | {
      readonly do: "wish";
      readonly verb: "announce" | "withdraw";
      readonly prefix: string;
      readonly med: number;
    }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "list" }
  | { readonly do: "configured" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("say" as const),
      bytes: bytesOf(
        fc.oneof(
          { weight: 12, arbitrary: babble(SAYINGS, 5) },
          { weight: 1, arbitrary: nasty },
          { weight: 1, arbitrary: oddJson },
        ),
      ),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("answer" as const),
      lines: fc.integer({ min: 1, max: 6 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("wish" as const),
      verb: fc.constantFrom("announce" as const, "withdraw" as const),
      prefix: fc.constantFrom(...PREFIXES),
      med: fc.integer({ min: 0, max: 1 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("wait" as const),
      ms: fc.constantFrom(1, 250, 1000, 6000),
    }),
  },
  { weight: 1, arbitrary: fc.constantFrom({ do: "list" as const }, { do: "configured" as const }) },
);

class Spoken extends Readable {
  override _read(): void {}
}

/** What is wished last of a prefix, and how often its wishes were settled. */
interface Wish {
  readonly verb: "announce" | "withdraw";
  readonly line: string;
}

class Talk {
  readonly #timers: ManualTimers = manualTimers();
  readonly #input = new Spoken();
  readonly #unread: string[] = [];
  readonly #wishes = new Map<string, Wish>();
  readonly #lastWritten = new Map<string, string>();
  readonly #settled: number[] = [];
  /** Thrown within the bridge, it would only be an error of the output. */
  #violation: Error | undefined;
  readonly bridge: Bridge;
  readonly words = new Set<string>();

  constructor() {
    this.bridge = new Bridge(
      {
        input: this.#input,
        output: (line) => this.#written(line),
        timers: this.#timers,
        nonce: "ab",
        dialect: "auto",
      },
      {
        ready: () => this.words.add("ready"),
        session: ({ reason }) => assert.match(reason, /^[\x20-\x7e]*$/),
        update: () => this.words.add("update"),
        inputEnd: () => this.words.add("ended"),
        problem: ({ word, detail }) => {
          this.words.add(word);
          if (!/^[\x20-\x7e]*$/.test(detail))
            this.#violation ??= new Error(`Problem ${JSON.stringify(detail)}`);
        },
      },
    );
    this.bridge.start();
  }

  async take(one: Step): Promise<void> {
    if (one.do === "say") this.#input.emit("data", one.bytes);
    else if (one.do === "answer") for (let nth = 0; nth < one.lines; nth += 1) this.#answer();
    else if (one.do === "wait") this.#timers.advance(one.ms);
    else if (one.do === "list") this.bridge.listRoutes(() => this.words.add("listed"));
    else if (one.do === "configured") this.bridge.listNeighbors((told) => this.#configured(told));
    else this.#wish(one.verb, { prefix: one.prefix, nextHop: "self", med: one.med });
    await this.#turn();
  }

  /** From now on ExaBGP answers whatever it is asked: what was wished last must be what was written last. */
  async recover(): Promise<void> {
    this.#input.emit("data", Buffer.from("\n"));
    for (let tick = 0; tick < 1500 && !this.#isDone; tick += 1) {
      while (this.#unread.length > 0) this.#answer();
      this.#timers.advance(100);
      await this.#turn();
    }
    assert.ok(this.#isDone, `Not settled after minutes: ${JSON.stringify(this.bridge.status())}`);
    for (const [prefix, { verb, line }] of this.#wishes) {
      const last = this.#lastWritten.get(prefix);
      // A withdrawal has the attributes that were announced last.
      const isRight = verb === "withdraw" ? last?.startsWith("withdraw ") : last === line;
      assert.ok(isRight, `${line} was wished last, and written: ${last}`);
    }
    this.#input.emit("end");
    await this.#turn();
    this.bridge.stop();
    await this.#turn();
    assert.deepEqual(
      this.#settled.filter((times) => times !== 1),
      [],
      "each wish is settled once",
    );
  }

  /** Whatever it says, neighbors are addresses: lines will name them. */
  #configured({ neighbors }: NeighborsListing): void {
    for (const { neighbor, localAddress, families } of neighbors) {
      if (isIP(neighbor) === 0 || (localAddress !== undefined && isIP(localAddress) === 0))
        this.#violation ??= new Error(`Neighbor ${neighbor} of ${localAddress}`);
      if (families.length > 0) this.words.add("configured");
    }
  }

  get #isDone(): boolean {
    const { queued, inFlight, phase } = this.bridge.status();
    return queued === 0 && inFlight === 0 && phase === "ready" && this.#unread.length === 0;
  }

  #wish(verb: "announce" | "withdraw", route: Route): void {
    const line = verb === "announce" ? encodeAnnounce(route) : encodeWithdraw(route);
    this.#wishes.set(route.prefix, { verb, line });
    const nth = this.#settled.push(0) - 1;
    this.bridge[verb](route, ({ outcome }) => {
      this.#settled[nth] = (this.#settled[nth] ?? 0) + 1;
      this.words.add(outcome);
    });
  }

  #written(line: string): void {
    this.#unread.push(line);
    try {
      assert.ok(isCommandLine(line), line);
      const told = toldBy(line);
      if (told === undefined) return;
      for (const prefix of told.prefixes) {
        const alone: string = `${told.verb} route ${prefix} ${told.attributes}`;
        const wish: Wish | undefined = this.#wishes.get(prefix);
        assert.ok(wish !== undefined, `Nobody wished anything of ${prefix}: ${line}`);
        if (told.verb === "announce")
          assert.equal(alone, wish.line, "announced as it was wished last");
        this.#lastWritten.set(prefix, alone);
      }
    } catch (error) {
      this.#violation ??= error as Error;
    }
  }

  /** As 4.2 and 5.0 do. */
  #answer(): void {
    const line = this.#unread.shift();
    if (line === undefined) return;
    const data =
      line === "system version"
        ? "exabgp 4.2.21\n"
        : line.endsWith("summary")
          ? HEADER
          : line.startsWith("show adj")
            ? LISTED
            : line.endsWith("configuration")
              ? CONFIGURED
              : "";
    this.#input.emit("data", Buffer.from(`${data}done\n`));
  }

  async #turn(): Promise<void> {
    await Promise.resolve();
    await Promise.resolve();
    if (this.#violation !== undefined) throw this.#violation;
    const { queued, inFlight } = this.bridge.status();
    assert.ok(
      queued <= PREFIXES.length && inFlight <= PREFIXES.length,
      `${queued} queued, ${inFlight} in flight`,
    );
    assert.ok(this.#timers.pending < 40, `${this.#timers.pending} timers`);
  }
}

export const BRIDGE = waitingTarget(
  "bridge",
  "whatever ExaBGP says, only what is wished is written, in the grammar, and in the end all of it",
  () => {
    const reached: Record<string, number> = {
      done: 0,
      error: 0,
      timeout: 0,
      superseded: 0,
      update: 0,
      listed: 0,
      configured: 0,
      "stale-answer": 0,
      "malformed-line": 0,
    };
    return {
      reached,
      input: fc.array(step, { maxLength: 30, size: "medium" }),
      async attempt(steps) {
        const talk = new Talk();
        for (const one of steps) await talk.take(one);
        await talk.recover();
        for (const word of talk.words)
          if (word in reached) reached[word] = (reached[word] ?? 0) + 1;
      },
    };
  },
);
