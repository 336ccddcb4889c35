/** What goes wrong with a service, and how it is mended. */
import type { WebServer } from "../test/lab/nginx.ts";

export interface Fault {
  readonly name: string;
  /** Resolves with the wall clock (ms) just before. */
  readonly make: (web: WebServer) => number | Promise<number>;
  readonly mend: (web: WebServer) => unknown;
}

/** SIGKILL to master and workers: the port refuses. */
export const KILL: Fault = {
  name: "Kill",
  make: (web) => web.kill(),
  mend: (web) => web.start(),
};

/** SIGSTOP: the kernel accepts connections, nobody answers. No event tells of it. */
export const HANG: Fault = {
  name: "Hang (SIGSTOP)",
  make: (web) => web.hang(),
  mend: (web) => web.resume(),
};

/** Answered at once, and wrong. No event tells of it. */
export const ERR: Fault = {
  name: "HTTP 503",
  make: (web) => web.setHealth(503),
  mend: (web) => web.setHealth(200),
};
