/** A DNS server on a UDP port of loopback that answers as the test says; answers of type `last` wait for `release`. */
import { createSocket } from "node:dgram";
import { EventEmitter, once } from "node:events";
import type { TestContext } from "node:test";
import { decode, encode, type Answer } from "dns-packet";

/** The low four bits of the flags (RFC 1035 section 4.1.1, RCODE). */
const RCODES = { NOERROR: 0, SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 } as const;

/** Addresses (none: the name has no such record), an error, or nothing at all. */
export type DnsReply = readonly string[] | Exclude<keyof typeof RCODES, "NOERROR"> | "silent";

export interface DnsServer {
  /** `address:port`. */
  readonly address: string;
  /** `TYPE name`, in the order in which they came. */
  readonly questions: readonly string[];
  /** Resolves when a question has arrived, at once if one has already. */
  question(): Promise<void>;
  /** Sends what `last` held back. */
  release(): void;
}

export async function serveDns(
  context: TestContext,
  replies: { readonly A: DnsReply; readonly AAAA: DnsReply },
  { last }: { readonly last?: "A" | "AAAA" } = {},
): Promise<DnsServer> {
  const socket = createSocket("udp4");
  const questions: string[] = [];
  const held: (() => void)[] = [];
  const seen = new EventEmitter();
  socket.on("message", (message, { port, address }) => {
    const query = decode(message);
    const [question] = query.questions ?? [];
    if (question === undefined || (question.type !== "A" && question.type !== "AAAA")) return;
    const { name, type } = question;
    questions.push(`${type} ${name}`);
    seen.emit("question");
    const reply = replies[type];
    if (reply === "silent") return;
    const rcode = typeof reply === "string" ? RCODES[reply] : RCODES.NOERROR;
    const data = typeof reply === "string" ? [] : reply;
    const answers = data.map((each): Answer => ({ type, name, ttl: 0, data: each }));
    const packet = encode({
      type: "response",
      // Recursion desired and available, then the rcode.
      flags: 0x01_80 | rcode,
      questions: [question],
      answers,
      ...(query.id !== undefined && { id: query.id }),
    });
    const send = (): void => socket.send(packet, port, address);
    if (type === last) held.push(send);
    else send();
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  context.after(() => socket.close());
  return {
    address: `127.0.0.1:${socket.address().port}`,
    questions,
    async question() {
      if (questions.length === 0) await once(seen, "question");
    },
    release() {
      for (const send of held) send();
    },
  };
}
