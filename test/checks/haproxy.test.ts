/** A real load balancer: in front of a service, and as a service itself. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { startDaemon } from "./daemons.ts";
import { HANG_MS, runCheck } from "./probing.ts";
import { freePort } from "./servers.ts";
import { temporaryFolder } from "./temporary.ts";

/** Asks its backend every 50 ms, with time for a busy machine, and answers /pop with 503 while that is down. */
function configuration(port: number, rawPort: number, backend: number, socket: string): string {
  return `
global
  stats socket ${socket} mode 600 level user
defaults
  timeout connect 1s
  timeout check 10s
  timeout client 10s
  timeout server 10s
  retries 0
frontend web
  mode http
  bind 127.0.0.1:${port}
  acl nobody nbsrv(service) lt 1
  monitor-uri /pop
  monitor fail if nobody
  default_backend service
frontend raw
  mode tcp
  bind 127.0.0.1:${rawPort}
  default_backend raw
backend service
  mode http
  option httpchk GET /
  server one 127.0.0.1:${backend} check inter 50 fall 1 rise 1
backend raw
  mode tcp
  server one 127.0.0.1:${backend}
`;
}

async function startBehind(context: TestContext) {
  const service = createServer((_, response) => response.end("ok"));
  service.listen(0, "127.0.0.1");
  await once(service, "listening");
  context.after(() => service.close());
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on TCP
  const { port: backend } = service.address() as AddressInfo;
  const [port, rawPort] = [await freePort(), await freePort()];
  const folder = temporaryFolder(context);
  const [file, socket] = [join(folder, "haproxy.cfg"), join(folder, "stats.sock")];
  writeFileSync(file, configuration(port, rawPort, backend, socket));
  await startDaemon(context, "haproxy", ["-V", "-db", "-f", file], /^Using \w+\(\)/);
  // It says so a moment before it listens.
  const places = [port, rawPort].map((each) => ({ type: "tcp", host: "127.0.0.1", port: each }));
  for (const place of [{ type: "unix", path: socket }, ...places])
    while ((await judge(place)).startsWith("fail refused"));
  return { service, port, rawPort, socket };
}

async function judge(keys: object): Promise<string> {
  const { result, error } = await runCheck(keys);
  assert.equal(error, undefined);
  return `${result.outcome} ${result.reason}: ${result.detail}`;
}

describe("haproxy", { timeout: HANG_MS }, () => {
  test("says by its monitor page whether anybody is behind it", async (context) => {
    const { service, port, rawPort } = await startBehind(context);
    const pop = { type: "http", url: `http://127.0.0.1:${port}/pop` };
    assert.equal(await judge(pop), "pass passed: status 200");
    const closed = once(service, "close");
    service.close();
    service.closeAllConnections();
    await closed;
    let last = "";
    // How soon is haproxy's own affair.
    for (let tries = 0; tries < 1000 && !last.startsWith("fail"); tries += 1)
      last = await judge(pop);
    assert.equal(last, "fail wrong-status: status 503");
    // In front of nobody it still accepts: a bare `tcp` check is fooled, one that expects an answer is not.
    const raw = { type: "tcp", host: "127.0.0.1", port: rawPort };
    assert.match(await judge(raw), /^pass passed/);
    const asked = { ...raw, send: "GET / HTTP/1.0\r\n\r\n", expect: "HTTP/1.1 200" };
    assert.match(await judge(asked), /^fail (closed|reset): /);
  });

  test("is asked for itself on its Unix socket", async (context) => {
    const { socket } = await startBehind(context);
    const asked = { type: "unix", path: socket, send: "show info\n", expect: "Name: HAProxy\n" };
    assert.match(await judge(asked), /^pass passed/);
    assert.match(await judge({ ...asked, expect: "Name: other" }), /^fail wrong-answer: /);
  });
});
