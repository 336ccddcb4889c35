/** Upper bounds of histograms, in seconds. Each costs a series per check: only those that answer a question. */

/**
 * Of a probe. A service on this host answers within 1 or 5 ms, on the network within 25 or 100; a timeout below
 * 250 ms is unwise, because a busy host takes 211 ms (p99.9); 500 ms is the default timeout, 1 s the default interval.
 */
export const CHECK_SECONDS = [0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1] as const;

/**
 * Of the start of a probe after it was due. Node.js is 1 ms late on a quiet host; 20 is what a thousand checks may
 * cost; beyond 100 the host is short of time, beyond a second probes wait for one another.
 */
export const LATENESS_SECONDS = [0.002, 0.005, 0.01, 0.02, 0.1, 0.5, 1] as const;

/**
 * Of ExaBGP's answer. It takes 1 to 9 ms; up to 25 when it is busy; longer behind other commands, 2.4 s behind a
 * listing of 10,000 routes; after 5 s it is given up.
 */
export const ACK_SECONDS = [0.0025, 0.01, 0.025, 0.1, 0.5, 2.5, 5] as const;
