/** What both health checkers are asked to do, in each one's own configuration. */
import { ANYCAST } from "../test/lab/pop.ts";

/** All are served by the one nginx of the PoP. */
export interface BenchService {
  readonly name: string;
  readonly prefix: string;
  readonly check: "http" | "tcp";
  /** Default false; ExaBGP's checker has nothing like it. */
  readonly watch?: boolean;
}

/** Seconds; a key that is absent is left to each program's own default. */
export interface BenchTiming {
  readonly interval?: number;
  readonly fastInterval?: number;
  /** Whole seconds: ExaBGP's checker takes no fractions. */
  readonly timeout?: number;
  readonly rise?: number;
  readonly fall?: number;
}

/** @param count At most 250. */
export function benchServices(count: number, check: BenchService["check"]): BenchService[] {
  return Array.from({ length: count }, (_, nth) => ({
    name: `s${nth}`,
    prefix: `10.100.${nth}.0/24`,
    check,
  }));
}

/** anyctl.yaml without `pop`, `state-dir` and `socket`. */
export function anyctlConfig(services: readonly BenchService[], timing: BenchTiming): string {
  const keys = [
    ...durationKey("interval", timing.interval),
    ...durationKey("fast-interval", timing.fastInterval),
    ...durationKey("timeout", timing.timeout),
    ...numberKey("rise", timing.rise),
    ...numberKey("fall", timing.fall),
  ];
  const { address, url } = ANYCAST.ipv4;
  const checks = {
    http: `type: http, url: "${url}healthz"`,
    tcp: `type: tcp, host: ${address}, port: 80`,
  };
  const entries = services.map(
    ({ name, prefix, check, watch = false }) =>
      `  ${name}: { prefixes: [${prefix}], scope: local, checks: { web: { ${checks[check]}, watch: ${watch} } } }\n`,
  );
  return `defaults: { ${keys.join(", ")} }\nservices:\n${entries.join("")}`;
}

function durationKey(key: string, seconds: number | undefined): string[] {
  return seconds === undefined ? [] : [`${key}: ${Math.round(seconds * 1000)}ms`];
}

function numberKey(key: string, value: number | undefined): string[] {
  return value === undefined ? [] : [`${key}: ${value}`];
}

/** A file for `python3 -m exabgp healthcheck --config`: one service, as it has one process for each. */
export function healthcheckConfig({ prefix, check }: BenchService, timing: BenchTiming): string {
  const options = {
    command: HEALTHCHECK_COMMANDS[check],
    ip: prefix,
    interval: timing.interval,
    "fast-interval": timing.fastInterval,
    timeout: timing.timeout,
    rise: timing.rise,
    fall: timing.fall,
  };
  const lines = Object.entries(options).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key} = ${value}`],
  );
  return [...lines, "withdraw-on-down", "no-ip-setup", "no-syslog", ""].join("\n");
}

const { address: ADDRESS } = ANYCAST.ipv4;

/**
 * The cheapest commands found that do what our checks do: bash connects by itself, and `exec` saves the shell that
 * ExaBGP's checker puts around every command. curl, which its documentation suggests, costs several times as much.
 */
export const HEALTHCHECK_COMMANDS = {
  http: String.raw`exec bash -c 'exec 3<>/dev/tcp/${ADDRESS}/80 && printf "GET /healthz HTTP/1.0\r\n\r\n" >&3 && read -r _ status _ <&3 && [[ $status == 2?? ]]'`,
  tcp: `exec bash -c 'exec 3<>/dev/tcp/${ADDRESS}/80'`,
} as const;
