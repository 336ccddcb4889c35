/**
 * Loaded before the agent (`node --import`): a library that throws. While FILE exists, connecting to PORT throws
 * instead of making a socket, as a bug of a probe would. Both come by `ANYCTL_TEST_THROWS=PORT:FILE`.
 */
import { existsSync } from "node:fs";
import { createRequire, syncBuiltinESMExports } from "node:module";
import type net from "node:net";

const [, port = "", file = ""] = /^(\d+):(.*)$/.exec(process.env["ANYCTL_TEST_THROWS"] ?? "") ?? [];
// What is imported as a module cannot be replaced.
const changed = createRequire(import.meta.url)("node:net") as { connect: unknown };
const connect = changed.connect as (...args: readonly unknown[]) => net.Socket;
changed.connect = (...args: readonly unknown[]): net.Socket => {
  const [to] = args;
  const isThat = typeof to === "object" && to !== null && "port" in to && String(to.port) === port;
  if (isThat && existsSync(file)) throw new TypeError("a bug that a test has planted");
  return connect(...args);
};
syncBuiltinESMExports();
