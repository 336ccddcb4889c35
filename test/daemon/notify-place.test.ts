import assert from "node:assert/strict";
import { test } from "node:test";
import { takeNotifyPlace } from "../../src/daemon/notify-place.ts";

const SOCKET = "/run/systemd/notify";

const cases: {
  name: string;
  env: Record<string, string>;
  place: readonly [socket: string, watchdogMs: number | undefined, mistake?: string] | undefined;
}[] = [
  { name: "nobody listens", env: { WATCHDOG_USEC: "10000000" }, place: undefined },
  {
    name: "a watchdog of 10 s, whoever else it was meant for",
    env: { NOTIFY_SOCKET: SOCKET, WATCHDOG_USEC: "10000000", WATCHDOG_PID: "1" },
    place: [SOCKET, 10_000],
  },
  { name: "no watchdog", env: { NOTIFY_SOCKET: SOCKET }, place: [SOCKET, undefined] },
  { name: "an abstract name", env: { NOTIFY_SOCKET: "@a" }, place: ["@a", undefined] },
  { name: "neither path nor name", env: { NOTIFY_SOCKET: "vsock:2:1" }, place: undefined },
  { name: "nothing", env: { NOTIFY_SOCKET: "" }, place: undefined },
  { name: "an endless name", env: { NOTIFY_SOCKET: `/${"x".repeat(108)}` }, place: undefined },
  ...["0", "-1", "1e6", "10s", "", "9".repeat(16), "1\n2"].map((text) => ({
    name: `WATCHDOG_USEC=${JSON.stringify(text)}`,
    env: { NOTIFY_SOCKET: SOCKET, WATCHDOG_USEC: text },
    place: [
      SOCKET,
      undefined,
      `WATCHDOG_USEC must be a number of microseconds: value seen is ${JSON.stringify(text)}`,
    ] as const,
  })),
];

for (const { name, env, place } of cases) {
  test(`what systemd wants is taken out of the environment: ${name}`, () => {
    const left: NodeJS.ProcessEnv = { ...env, PATH: "/bin" };
    const taken = takeNotifyPlace(left);
    const [socket, watchdogMs, mistake] = place ?? [];
    assert.deepEqual(taken, place && { socket, watchdogMs, mistake });
    assert.deepEqual(left, { PATH: "/bin" });
  });
}
