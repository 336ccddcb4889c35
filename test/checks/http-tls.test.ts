import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test, type TestContext } from "node:test";
import { createServer, type TLSSocket } from "node:tls";
import { attempt } from "../../checks/attempt.ts";
import { createProbeContext } from "../../checks/context.ts";
import { CheckSchema, createProbe } from "../../checks/registry.ts";
import { systemTimers } from "../../checks/timers.ts";
import { HANG_MS, PATIENCE_MS, runCheck } from "./probing.ts";
import { answering, listen, type TestServer } from "./servers.ts";

const folder = mkdtempSync(join(tmpdir(), "anyctl-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const keyFile = join(folder, "key.pem");
const caFile = join(folder, "certificate.pem");
const hostsFile = join(folder, "hosts");
const parameters =
  "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=anycast.test -addext subjectAltName=DNS:anycast.test";
execFileSync("openssl", [...parameters.split(" "), "-keyout", keyFile, "-out", caFile], {
  stdio: "ignore",
});
writeFileSync(hostsFile, "127.0.0.1 anycast.test other.test\n");

interface Handshake {
  readonly name: unknown;
  readonly resumed: boolean;
}

async function listenTls(
  context: TestContext,
): Promise<{ server: TestServer; handshakes: readonly Handshake[] }> {
  const handshakes: Handshake[] = [];
  const tls = createServer({ key: readFileSync(keyFile), cert: readFileSync(caFile) });
  tls.on("secureConnection", (socket: TLSSocket) => {
    handshakes.push({ name: socket.servername, resumed: socket.isSessionReused() });
  });
  const server = await listen(context, answering("HTTP/1.1 204 Any\r\n\r\n"), { server: tls });
  return { server, handshakes };
}

describe("https", { timeout: HANG_MS }, () => {
  const cases: readonly {
    name: string;
    host: string;
    keys: object;
    is: string;
    asked?: string | false;
    detail: RegExp;
  }[] = [
    {
      name: "an unknown authority",
      host: "anycast.test",
      keys: {},
      is: "fail bad-certificate",
      detail: /self-signed certificate/,
    },
    {
      name: "its authority in ca-file",
      host: "anycast.test",
      keys: { "ca-file": caFile },
      is: "pass passed",
      asked: "anycast.test",
      detail: /204/,
    },
    {
      name: "another name",
      host: "other.test",
      keys: { "ca-file": caFile },
      is: "fail bad-certificate",
      detail: /other\.test.*DNS:anycast\.test/,
    },
    {
      name: "an address that the certificate does not have",
      host: "127.0.0.1",
      keys: { "ca-file": caFile },
      is: "fail bad-certificate",
      detail: /127\.0\.0\.1/,
    },
    {
      name: "the name in host",
      host: "127.0.0.1",
      keys: { "ca-file": caFile, host: "anycast.test" },
      is: "pass passed",
      asked: "anycast.test",
      detail: /204/,
    },
    {
      name: "server-name",
      host: "127.0.0.1",
      keys: { "ca-file": caFile, "server-name": "anycast.test" },
      is: "pass passed",
      asked: "anycast.test",
      detail: /204/,
    },
    {
      name: "server-name before host",
      host: "anycast.test",
      keys: { "ca-file": caFile, host: "anycast.test", "server-name": "other.test" },
      is: "fail bad-certificate",
      detail: /other\.test/,
    },
    {
      name: "tls-verify: false",
      host: "127.0.0.1",
      keys: { "tls-verify": false },
      is: "pass passed",
      asked: false,
      detail: /204/,
    },
    {
      name: "a ca-file that is missing",
      host: "anycast.test",
      keys: { "ca-file": "/nonexistent.pem" },
      is: "inconclusive internal",
      detail: /^Cannot use ca-file: ENOENT/,
    },
    {
      name: "a ca-file without a certificate",
      host: "anycast.test",
      keys: { "ca-file": hostsFile },
      is: "inconclusive internal",
      detail: /no complete certificate/,
    },
  ];
  for (const { name, host, keys, is, asked, detail } of cases) {
    test(name, async (context) => {
      const { server, handshakes } = await listenTls(context);
      const url = `https://${host}:${server.port}/`;
      const { result, error } = await runCheck({ type: "http", url, ...keys }, { hostsFile });
      assert.equal(`${result.outcome} ${result.reason}`, is, result.detail);
      assert.match(result.detail, detail);
      assert.equal(error, undefined);
      if (asked !== undefined) assert.deepEqual(handshakes, [{ name: asked, resumed: false }]);
      await server.allClosed();
    });
  }

  test("every poll is a full handshake", async (context) => {
    const { server, handshakes } = await listenTls(context);
    const url = `https://anycast.test:${server.port}/`;
    const check = { type: "http", url, "ca-file": caFile };
    // One probe, as in the agent: what it keeps must not be a session.
    const probe = createProbe(CheckSchema.parse(check), createProbeContext({ hostsFile }));
    for (const polls of [1, 2]) {
      const { result } = await attempt(probe, PATIENCE_MS, systemTimers);
      assert.equal(result.outcome, "pass", result.detail);
      await server.allClosed();
      assert.equal(server.sockets.length, polls);
    }
    assert.deepEqual(
      handshakes.map(({ resumed }) => resumed),
      [false, false],
    );
  });

  test("a ca-file into which nobody writes does not stop the agent", async (context) => {
    const { server } = await listenTls(context);
    const path = join(folder, "fifo.pem");
    execFileSync("mkfifo", [path]);
    const check = { type: "http", url: `https://anycast.test:${server.port}/`, "ca-file": path };
    const { result } = await runCheck(check, { hostsFile });
    assert.equal(`${result.outcome} ${result.reason}`, "inconclusive internal");
    assert.match(result.detail, /not a regular file/);
  });

  test("a ca-file that is half written does not make the certificate bad", async (context) => {
    const { server } = await listenTls(context);
    const half = join(folder, "half.pem");
    const text = readFileSync(caFile, "latin1");
    writeFileSync(half, text + text.slice(0, text.length / 2));
    const check = { type: "http", url: `https://anycast.test:${server.port}/`, "ca-file": half };
    const { result } = await runCheck(check, { hostsFile });
    assert.equal(`${result.outcome} ${result.reason}`, "inconclusive internal");
    writeFileSync(half, text);
    assert.equal((await runCheck(check, { hostsFile })).result.outcome, "pass");
  });

  test("plain HTTP where TLS is expected", async (context) => {
    const server = await listen(context, answering("HTTP/1.1 400 Bad Request\r\n\r\n"));
    const url = `https://127.0.0.1:${server.port}/`;
    const { result } = await runCheck({ type: "http", url });
    assert.equal(`${result.outcome} ${result.reason}`, "fail tls-failed");
    assert.equal(result.detail, "TLS: wrong version number");
    await server.allClosed();
  });

  test("closed in the handshake", async (context) => {
    const server = await listen(context, (socket) => socket.on("data", () => socket.end()));
    const url = `https://127.0.0.1:${server.port}/`;
    const { result } = await runCheck({ type: "http", url });
    assert.equal(`${result.outcome} ${result.reason}`, "fail closed");
    await server.allClosed();
  });
});
