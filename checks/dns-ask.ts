/** One question to one DNS server, over UDP, TCP, or UDP and then TCP. */
import { resultOfError } from "./connect-error.ts";
import type { ProbeContext } from "./context.ts";
import { exchangeDatagram } from "./datagram.ts";
import { isAnswerTo, isTruncated } from "./dns-frame.ts";
import { encodeQuery, loadDnsPacket, readReply, type Question, type Reply } from "./dns-message.ts";
import { formatEndpoint, type Endpoint } from "./endpoint.ts";
import { fail, NOT_ASKED, type Result } from "./probe.ts";
import type { Addresses } from "./resolve.ts";
import { converse } from "./stream.ts";

export type Transport = "udp" | "tcp";

export interface Ask {
  readonly server: Endpoint;
  readonly question: Question;
  readonly transport: Transport;
}

export type Asked = { readonly reply: Reply } | { readonly failure: Result };
type Received = { readonly message: Buffer } | { readonly failure: Result };

/** @throws An error that nobody foresaw: a bug of ours. */
export async function ask(
  { server, question, transport }: Ask,
  { resolver }: ProbeContext,
  signal: AbortSignal,
): Promise<Asked> {
  const dnsPacket = await loadDnsPacket();
  const resolved = await resolver.resolve(server.host, signal);
  if ("failure" in resolved) return resolved;
  const query = encodeQuery(dnsPacket, question);
  try {
    const received = await (transport === "udp" ? askByUdp : askByTcp)(
      server,
      resolved.addresses,
      query,
      signal,
    );
    if ("failure" in received) return received;
    const reply = readReply(dnsPacket, received.message, question);
    if (reply !== undefined) return { reply };
    return { failure: fail("bad-response", `not to be decoded: ${received.message.length} bytes`) };
  } catch (error) {
    const result = resultOfError(error);
    if (result === undefined) throw error;
    return { failure: result };
  }
}

/**
 * What is not the answer to this very query is ignored: somebody else may have sent it, or it is the late answer to an
 * earlier one (RFC 5452 section 9.1). A truncated answer is asked for again by TCP (RFC 7766 section 5).
 */
async function askByUdp(
  server: Endpoint,
  addresses: Addresses,
  query: Buffer,
  signal: AbortSignal,
): Promise<Received> {
  let ignored = 0;
  const hear = (message: Buffer): Buffer | undefined => {
    if (isAnswerTo(message, query)) return message;
    ignored += 1;
    return undefined;
  };
  const { port } = server;
  const answered = await exchangeDatagram({ addresses, port, send: query, hear }, signal);
  switch (answered.kind) {
    case "heard":
      if (!isTruncated(answered.value)) return { message: answered.value };
      return await askByTcp(server, [answered.address], query, signal);
    case "self":
      return { failure: fail("refused", `port ${port} was free and the question came back`) };
    case "timeout": {
      const others = ignored === 0 ? "" : `, ${ignored} datagrams that were none ignored`;
      const { address } = answered.address;
      const from = formatEndpoint({ host: address, port });
      return { failure: fail("timeout", `no answer from ${from} over UDP${others}`) };
    }
    case "not-asked":
      return { failure: NOT_ASKED };
  }
}

async function askByTcp(
  { host, port }: Endpoint,
  addresses: Addresses,
  query: Buffer,
  signal: AbortSignal,
): Promise<Received> {
  const send = Buffer.concat([Buffer.alloc(2), query]);
  send.writeUInt16BE(query.length);
  const hear = createUnwrapper();
  const heard = await converse({ host, port, addresses, send, hear }, signal);
  switch (heard.kind) {
    case "heard":
      return isAnswerTo(heard.value, query)
        ? { message: heard.value }
        : { failure: fail("bad-response", "what came over TCP is no answer to the question") };
    case "closed":
      return { failure: fail("closed", "TCP: closed before the answer was complete") };
    case "self":
      return { failure: fail("refused", `port ${port} was free and connected to itself`) };
    case "timeout": {
      const what = heard.isConnected ? "the answer" : "the connection";
      return { failure: fail("timeout", `waiting for ${what} over TCP`) };
    }
    case "not-asked":
      return { failure: NOT_ASKED };
  }
}

/** Gives the first message of a stream, which its length in two bytes precedes (RFC 1035 section 4.2.2). */
function createUnwrapper(): (piece: Buffer) => Buffer | undefined {
  const length = Buffer.alloc(2);
  let message: Buffer | undefined;
  let received = 0;
  return (piece) => {
    let at = 0;
    for (; received < 2 && at < piece.length; received += 1, at += 1) {
      length[received] = piece[at] ?? 0;
    }
    if (received < 2) return undefined;
    message ??= Buffer.alloc(length.readUInt16BE());
    // What is beyond the message is not looked at.
    received += piece.copy(message, received - 2, at);
    return received - 2 === message.length ? message : undefined;
  };
}
