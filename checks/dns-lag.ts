/** How far a server's zone is behind that of another server. */
import type { ProbeContext } from "./context.ts";
import { ask, type Ask, type Asked } from "./dns-ask.ts";
import { formatEndpoint } from "./endpoint.ts";
import { fail, pass, type Result } from "./probe.ts";

/** How much longer the other server is waited for when the one that is checked has answered. */
const OTHER_SERVER_MS = 250;

/** Serial numbers are counted modulo 2^32 (RFC 1982 section 3). */
const SERIALS = 2 ** 32;

/**
 * How much `own` is behind `other`; 0 if it is not. At a distance of exactly 2^31 there is no before and after
 * (RFC 1982 section 3.2): 0.
 */
export function serialLag(own: number, other: number): number {
  const ahead = (other - own + SERIALS) % SERIALS;
  return ahead < SERIALS / 2 ? ahead : 0;
}

export interface LagJudge {
  /** To be called when the question goes out: both servers are asked at once. */
  start(signal: AbortSignal): (own: string) => Promise<Result>;
}

/**
 * The other server is somebody else's: when it does not answer, that is no failure of this service, and must not keep
 * it from coming back either. The serial that it gave last is then compared with, so that a zone which lags does not
 * become good because the other server went away; before it ever answered, the lag is unknown and passes.
 */
export function createLagJudge(other: Ask, maxLag: number, context: ProbeContext): LagJudge {
  const where = formatEndpoint(other.server);
  let lastSerial: number | undefined;
  return {
    start(signal) {
      const asking = ask(other, context, signal);
      // It is looked at only when the service itself has answered.
      asking.catch(() => undefined);
      return async (own) => {
        const asked = await within(OTHER_SERVER_MS, asking, context);
        const serial = serialOfReply(asked);
        if (serial !== undefined) lastSerial = serial;
        const note = serial === undefined ? `, which does not answer (${why(asked)})` : "";
        return judge(serialOf(own), note);
      };
    },
  };

  function judge(own: number, note: string): Result {
    if (lastSerial === undefined) return pass(`serial ${own}, lag unknown behind ${where}${note}`);
    const lag = serialLag(own, lastSerial);
    const detail = `serial ${own}, ${lag} behind ${lastSerial} of ${where}${note}`;
    return lag > maxLag ? fail("serial-lags", detail) : pass(detail);
  }
}

/** The third field of SOA data. */
function serialOf(soa: string): number {
  return Number(soa.split(" ")[2]);
}

function serialOfReply(asked: Asked | undefined): number | undefined {
  if (asked === undefined || !("reply" in asked)) return undefined;
  const [soa] = asked.reply.values;
  return soa === undefined ? undefined : serialOf(soa);
}

function why(asked: Asked | undefined): string {
  if (asked === undefined) return "timeout";
  return "failure" in asked ? asked.failure.reason : asked.reply.rcode;
}

async function within<T>(
  limitMs: number,
  promise: Promise<T>,
  { timers }: ProbeContext,
): Promise<T | undefined> {
  let cancel: (() => void) | undefined;
  const limit = new Promise<undefined>((resolve) => {
    cancel = timers.after(limitMs, () => resolve(undefined));
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    cancel?.();
  }
}
