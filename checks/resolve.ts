/** Names to addresses, without the thread pool: `getaddrinfo` on a dead resolver would block all its threads. */
import { Resolver as DnsResolver } from "node:dns/promises";
import { isIP, isIPv6 } from "node:net";
import { createHostsFile, type HostsFile } from "./hosts-file.ts";
import { fail, inconclusive, type Result } from "./probe.ts";
import { systemTimers, type Timers } from "./timers.ts";

/** An address of a host, as `net.connect` takes it. */
interface Address {
  readonly address: string;
  readonly family: 4 | 6;
}

/** At least one address in the order to try them, or the result of the attempt. */
type Resolved =
  | { readonly addresses: readonly [Address, ...Address[]] }
  | { readonly failure: Result };

export interface Resolver {
  /** Settles at once when `signal` aborts, then always with `inconclusive` if a server was asked; never rejects. */
  resolve(host: string, signal: AbortSignal): Promise<Resolved>;
}

export interface ResolverOptions {
  /** `address` or `address:port`; by default those of /etc/resolv.conf, read at each lookup. */
  readonly servers?: readonly string[];
  /** By default /etc/hosts. */
  readonly hostsFile?: string;
  /** By default those of the system. */
  readonly timers?: Timers;
}

/** How long one server may be silent before the next is asked; c-ares knows no shorter time. */
const SERVER_TIMEOUT_MS = 250;

/** With doubling pauses, 3.75 s for each server: longer than most checks, whose own timeout decides. */
const TRIES = 4;

/**
 * How much longer the other record type is waited for when one has given addresses: some servers and
 * firewalls never answer one of the two (RFC 8305 section 3, Resolution Delay).
 */
const OTHER_TYPE_MS = 50;

/** More would only be tried one after another, and time is over by then. */
const ADDRESSES_MAX = 16;

export function createResolver(options: ResolverOptions = {}): Resolver {
  const { servers, timers = systemTimers } = options;
  const hostsFile = createHostsFile(options.hostsFile ?? "/etc/hosts");
  return {
    async resolve(host, signal) {
      const known = addressesWithoutDns(host, hostsFile);
      if (known !== undefined) return { addresses: known };
      return await askDns(host, servers, timers, signal);
    },
  };
}

function addressesWithoutDns(host: string, hostsFile: HostsFile): Addresses | undefined {
  if (isIP(host) !== 0) return [addressOf(host)];
  const name = host.toLowerCase().replace(/\.$/, "");
  // RFC 6761 section 6.3: these names are the loopback addresses, whatever a DNS server says.
  if (name === "localhost" || name.endsWith(".localhost")) {
    return [addressOf("127.0.0.1"), addressOf("::1")];
  }
  return asAddresses(hostsFile(name));
}

/** IPv6 stays first whichever came first: an order that depends on it would vary from poll to poll. */
async function askDns(
  host: string,
  servers: readonly string[] | undefined,
  timers: Timers,
  signal: AbortSignal,
): Promise<Resolved> {
  // One per lookup: `cancel` stops every query of a resolver, and a new one has read /etc/resolv.conf.
  const dns = new DnsResolver({ timeout: SERVER_TIMEOUT_MS, tries: TRIES });
  if (servers !== undefined) dns.setServers(servers);
  const cancel = (): void => dns.cancel();
  signal.addEventListener("abort", cancel, { once: true });
  let stopWaiting: (() => void) | undefined;
  const waitForOther = (): void => {
    stopWaiting ??= timers.after(OTHER_TYPE_MS, () => {
      // One turn of the event loop, so that an answer which is already here counts.
      stopWaiting = timers.after(0, cancel);
    });
  };
  try {
    const lookups = [dns.resolve6(host), dns.resolve4(host)];
    for (const lookup of lookups) lookup.then(waitForOther, () => undefined);
    if (signal.aborted) cancel();
    const answers = await Promise.allSettled(lookups);
    // The service was not asked yet, and there is no time left to ask it.
    if (signal.aborted) return notInTime(host);
    const found = answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
    const addresses = asAddresses(found);
    if (addresses !== undefined) return { addresses };
    return { failure: failureOf(host, answers) };
  } finally {
    stopWaiting?.();
    signal.removeEventListener("abort", cancel);
  }
}

function notInTime(host: string): Resolved {
  return { failure: inconclusive("resolver-failed", `no answer in time for ${host}`) };
}

/** A server that says "no such name" or "no such record" has answered; anything else says nothing about the service. */
function failureOf(host: string, answers: readonly PromiseSettledResult<string[]>[]): Result {
  const codes = answers.map((answer) =>
    answer.status === "rejected" ? codeOf(answer.reason) : "",
  );
  // RFC 2308 section 2.1: NXDOMAIN is about the name, so one answer is enough.
  if (codes.includes("ENOTFOUND")) return fail("name-not-found", `no such name: ${host}`);
  const unanswered = codes.find((code) => code !== "ENODATA" && code !== "");
  if (unanswered === undefined) return fail("name-not-found", `no address for ${host}`);
  return inconclusive("resolver-failed", `${unanswered} for ${host}`);
}

export type Addresses = readonly [Address, ...Address[]];

function asAddresses(texts: readonly string[]): Addresses | undefined {
  const [first, ...rest] = texts.slice(0, ADDRESSES_MAX).map(addressOf);
  return first === undefined ? undefined : [first, ...rest];
}

function addressOf(address: string): Address {
  return { address, family: isIPv6(address) ? 6 : 4 };
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown error";
}
