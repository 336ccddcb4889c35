/** `address:port` and `name:port`, as one value of a configuration key. */
import { isIPv6 } from "node:net";
import { isHost } from "./keys.ts";

export interface Endpoint {
  /** An address without brackets, or a name. */
  readonly host: string;
  readonly port: number;
}

/** IPv6 addresses wear brackets where a port follows (RFC 3986 section 3.2.2). */
const ENDPOINT = /^(?:\[(?<bracketed>[^[\]]+)\]|(?<plain>[^:[\]]+))(?::(?<port>[1-9]\d{0,4}))?$/;

/** @returns Undefined if `text` is neither an address nor a name, with a port from 1 to 65535 if there is one. */
export function parseEndpoint(text: string, defaultPort: number): Endpoint | undefined {
  if (isIPv6(text)) return { host: text, port: defaultPort };
  const groups = ENDPOINT.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const { bracketed, plain, port = String(defaultPort) } = groups;
  if (Number(port) > 65_535) return undefined;
  if (bracketed !== undefined) {
    return isIPv6(bracketed) ? { host: bracketed, port: Number(port) } : undefined;
  }
  return plain !== undefined && isHost(plain) ? { host: plain, port: Number(port) } : undefined;
}

/** As it is written: `192.0.2.1:53`, `[2001:db8::1]:53`. */
export function formatEndpoint({ host, port }: Endpoint): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}
