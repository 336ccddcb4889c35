/** What one probe keeps from poll to poll, and what it must not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { attempt } from "../../checks/attempt.ts";
import { createProbeContext } from "../../checks/context.ts";
import { createHttpProbe, HttpCheck } from "../../checks/http.ts";
import type { Addresses } from "../../checks/resolve.ts";
import { systemTimers } from "../../checks/timers.ts";
import { HANG_MS, PATIENCE_MS } from "./probing.ts";
import { answering, listen } from "./servers.ts";

test("a poll goes where the name points now", { timeout: HANG_MS }, async (t) => {
  const { port } = await listen(t, answering("HTTP/1.1 204 Any\r\n\r\n"));
  const seen: string[] = [];
  let address = "127.0.0.1";
  const context = {
    ...createProbeContext(),
    resolver: {
      resolve: () => Promise.resolve({ addresses: [{ address, family: 4 }] satisfies Addresses }),
    },
  };
  const check = HttpCheck.parse({ type: "http", url: `http://pop.test:${port}/` });
  const probe = createHttpProbe(check, context);
  // Nobody listens on the second; the third poll is as the first.
  for (const next of ["127.0.0.1", "127.0.0.2", "127.0.0.1"]) {
    address = next;
    const { result } = await attempt(probe, PATIENCE_MS, systemTimers);
    seen.push(`${result.reason} ${/127\.0\.0\.\d/.exec(result.detail)?.[0] ?? ""}`.trim());
  }
  assert.deepEqual(seen, ["passed", "refused 127.0.0.2", "passed"]);
});

test("every poll is a connection of its own", { timeout: HANG_MS }, async (t) => {
  const server = await listen(
    t,
    answering("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n"),
  );
  const check = HttpCheck.parse({ type: "http", url: `http://127.0.0.1:${server.port}/` });
  const probe = createHttpProbe(check, createProbeContext());
  for (const polls of [1, 2, 3]) {
    const { result } = await attempt(probe, PATIENCE_MS, systemTimers);
    assert.equal(result.outcome, "pass", result.detail);
    await server.allClosed();
    assert.equal(server.sockets.length, polls);
  }
});
