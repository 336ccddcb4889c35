/** `ADDRESS:PORT` of a TCP listener. */
import { parseAddress } from "./prefix.ts";

/** Where to listen. */
export interface ListenAddress {
  /** Canonical text without brackets. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
}

/** @returns Undefined for names, for a port that is missing, 0 or has leading zeros, and for IPv6 without brackets. */
export function parseListen(text: string): ListenAddress | undefined {
  const groups = /^(?:\[(?<v6>[^\]]{2,45})\]|(?<v4>[\d.]{7,15})):(?<port>[1-9]\d{0,4})$/.exec(
    text,
  )?.groups;
  const address = parseAddress(groups?.["v6"] ?? groups?.["v4"] ?? "");
  const family = groups?.["v6"] === undefined ? 4 : 6;
  const port = Number(groups?.["port"]);
  if (address?.family !== family || port > 65_535) return undefined;
  return { host: address.text, port };
}

/** The same as it is written in the configuration. */
export function formatListen({ host, port }: ListenAddress): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
