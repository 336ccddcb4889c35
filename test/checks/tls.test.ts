import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test, type TestContext } from "node:test";
import { createServer, type TlsOptions, type TLSSocket } from "node:tls";
import { createProbeContext } from "../../checks/context.ts";
import { makeCertificate, type Certificate } from "./certificates.ts";
import { manualTimers } from "./manual-timers.ts";
import { HANG_MS, runCheck, until, type ProbingOptions } from "./probing.ts";
import { freePort, listen, type TestServer } from "./servers.ts";

const folder = mkdtempSync(join(tmpdir(), "anyctl-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const hostsFile = join(folder, "hosts");
writeFileSync(hostsFile, "127.0.0.1 a.test b.test\n");

const make = (wanted: Parameters<typeof makeCertificate>[1]) => makeCertificate(folder, wanted);
const root = make({ name: "Root", days: 3650 });
const middle = make({ name: "Middle", days: 20, issuer: root });
const server = make({ name: "a.test", days: 90, isServer: true, issuer: middle });
const direct = make({ name: "a.test", days: 60, isServer: true, issuer: root });
const lone = make({ name: "a.test", days: 60, isServer: true });
const expired = make({ name: "a.test", days: 1, isServer: true, issuer: root, madeDaysAgo: 10 });
const oldMiddle = make({ name: "Old", days: 1, issuer: root, madeDaysAgo: 10 });
const underOld = make({ name: "a.test", days: 60, isServer: true, issuer: oldMiddle });
// The way of an authority that is known by now: signed by itself, and before by an older one.
const olderRoot = make({ name: "Older root", days: 3650 });
const cross = make({ name: "Root", days: 5, issuer: olderRoot, keyOf: root });

const trust = { "ca-file": root.certFile };

interface Site {
  readonly port: number;
  readonly server: TestServer;
  readonly handshakes: readonly { readonly name: unknown; readonly resumed: boolean }[];
}

async function serve(
  context: TestContext,
  [own, ...above]: readonly [Certificate, ...Certificate[]],
  options: TlsOptions = {},
): Promise<Site> {
  const handshakes: { name: unknown; resumed: boolean }[] = [];
  const cert = [own, ...above].map((it) => it.cert).join("");
  const tls = createServer({ key: own.key, cert, ...options });
  tls.on("secureConnection", (socket: TLSSocket) => {
    handshakes.push({ name: socket.servername, resumed: socket.isSessionReused() });
  });
  const listening = await listen(context, () => undefined, { server: tls });
  return { port: listening.port, server: listening, handshakes };
}

async function judge(keys: object, options: ProbingOptions = {}): Promise<string> {
  const check = { type: "tls", host: "a.test", ...keys };
  const { result, error } = await runCheck(check, { hostsFile, ...options });
  assert.equal(error, undefined);
  return `${result.outcome} ${result.reason}: ${result.detail}`;
}

describe("tls", { timeout: HANG_MS }, () => {
  const cases: readonly {
    readonly name: string;
    readonly sent: readonly [Certificate, ...Certificate[]];
    readonly keys: object;
    readonly is: RegExp;
  }[] = [
    {
      name: "its authority in ca-file",
      sent: [server, middle],
      keys: trust,
      is: /^pass passed: Middle ends \d{4}-\d\d-\d\d, (19|20) days left$/,
    },
    {
      name: "an unknown authority",
      sent: [server, middle],
      keys: {},
      is: /^fail bad-certificate: unable to get issuer cert locally: a\.test ends/,
    },
    {
      name: "signed by itself",
      sent: [lone],
      keys: {},
      is: /^fail bad-certificate: depth zero self signed cert: a\.test ends/,
    },
    {
      name: "the chain is not complete",
      sent: [server],
      keys: trust,
      is: /^fail bad-certificate: unable to verify leaf signature: a\.test ends/,
    },
    {
      name: "another name",
      sent: [direct],
      keys: { host: "b.test", ...trust },
      is: /^fail bad-certificate: .*b\.test.*DNS:a\.test/,
    },
    {
      name: "an address that the certificate does not have",
      sent: [direct],
      keys: { host: "127.0.0.1", ...trust },
      is: /^fail bad-certificate: .*IP: 127\.0\.0\.1/,
    },
    {
      name: "server-name",
      sent: [direct],
      keys: { host: "127.0.0.1", "server-name": "a.test", ...trust },
      is: /^pass passed: a\.test ends/,
    },
    {
      name: "a trailing dot",
      sent: [direct],
      keys: { host: "127.0.0.1", "server-name": "a.test.", ...trust },
      is: /^pass passed: a\.test ends/,
    },
    {
      name: "enough days left",
      sent: [direct],
      keys: { "min-days-left": 50, ...trust },
      is: /^pass passed: a\.test ends .*, (59|60) days left$/,
    },
    {
      name: "too few days left",
      sent: [direct],
      keys: { "min-days-left": 61, ...trust },
      is: /^fail certificate-expires: a\.test ends .*, (59|60) days left, at least 61 wanted$/,
    },
    {
      name: "too few days left of one in the middle",
      sent: [server, middle],
      keys: { "min-days-left": 30, ...trust },
      is: /^fail certificate-expires: Middle ends .*, (19|20) days left, at least 30 wanted$/,
    },
    {
      name: "too few days left of a chain that is sent in disorder",
      sent: [server, root, middle],
      keys: { "min-days-left": 30, ...trust },
      is: /^fail certificate-expires: Middle ends/,
    },
    {
      name: "too few days left of a cross-signed authority that is trusted by itself",
      sent: [direct, cross],
      keys: { "min-days-left": 30, ...trust },
      is: /^pass passed: a\.test ends .*, (59|60) days left$/,
    },
    {
      name: "too few days left of a cross-signed authority that is needed",
      sent: [direct, cross],
      keys: { "min-days-left": 30, "ca-file": olderRoot.certFile },
      is: /^fail certificate-expires: Root ends .*, (4|5) days left/,
    },
    {
      name: "without verification days are counted all the same",
      sent: [lone],
      keys: { "tls-verify": false, "min-days-left": 61 },
      is: /^fail certificate-expires: a\.test ends/,
    },
    {
      name: "without verification anything goes",
      sent: [expired],
      keys: { host: "b.test", "tls-verify": false },
      is: /^pass passed: a\.test ends \d{4}-\d\d-\d\d, -\d+ days left$/,
    },
    {
      name: "expired",
      sent: [expired],
      keys: trust,
      is: /^fail bad-certificate: cert has expired: a\.test ends/,
    },
    {
      name: "one in the middle has expired",
      sent: [underOld, oldMiddle],
      keys: trust,
      is: /^fail bad-certificate: cert has expired: Old ends/,
    },
    {
      name: "a ca-file that is missing",
      sent: [direct],
      keys: { "ca-file": "/nonexistent.pem" },
      is: /^inconclusive internal: Cannot use ca-file: ENOENT/,
    },
  ];
  for (const { name, sent, keys, is } of cases) {
    test(name, async (context) => {
      const site = await serve(context, sent);
      assert.match(await judge({ port: site.port, ...keys }), is);
      await site.server.allClosed();
    });
  }

  test("each poll asks for the name in a full handshake, and sends nothing", async (context) => {
    const site = await serve(context, [direct]);
    for (const polls of [1, 2]) {
      assert.match(await judge({ port: site.port, ...trust }), /^pass/);
      await until(() => site.handshakes.length === polls);
      await site.server.allClosed();
    }
    const handshake = { name: "a.test", resumed: false };
    assert.deepEqual(site.handshakes, [handshake, handshake]);
    assert.equal(site.server.received, "");
  });

  test("dates say nothing for a while after the clock was set", async (context) => {
    const sites = [await serve(context, [expired]), await serve(context, [server, middle])];
    const [over, soon] = sites.map(({ port }) => ({ port, "min-days-left": 30, ...trust }));
    const timers = manualTimers();
    let wallMs = Date.now();
    const probes = createProbeContext({ timers, wallMs: () => wallMs, hostsFile });
    wallMs += 3_600_000;
    const said = await judge(over ?? {}, { context: probes });
    assert.match(said, /^inconclusive clock-stepped: .* bad-certificate: cert has expired/);
    const days = await judge(soon ?? {}, { context: probes });
    assert.match(days, /^inconclusive clock-stepped: .* certificate-expires: Middle ends/);
    // A wrong name is one on any day.
    const wrong = await judge({ ...soon, host: "b.test" }, { context: probes });
    assert.match(wrong, /^fail bad-certificate/);
  });

  test("a port without TLS, and one that closes", async (context) => {
    const plain = await listen(context, (socket) => {
      socket.on("data", () => socket.write("HTTP/1.1 400 Bad Request\r\n\r\n"));
    });
    assert.equal(await judge({ port: plain.port }), "fail tls-failed: TLS: wrong version number");
    await plain.allClosed();
    const closing = await listen(context, (socket) => socket.on("data", () => socket.end()));
    assert.match(await judge({ port: closing.port }), /^fail closed/);
    const resetting = await listen(context, (socket) => {
      socket.on("data", () => socket.resetAndDestroy());
    });
    assert.match(await judge({ port: resetting.port }), /^fail reset/);
    assert.match(await judge({ port: await freePort() }), /^fail refused/);
  });

  test("a server that wants TLS 1.1 or a certificate of ours", async (context) => {
    const old = await serve(context, [direct], {
      minVersion: "TLSv1.1",
      maxVersion: "TLSv1.1",
      ciphers: "DEFAULT@SECLEVEL=0",
    });
    assert.match(await judge({ port: old.port, ...trust }), /^fail tls-failed: TLS: /);
    const strict = await serve(context, [direct], { requestCert: true, maxVersion: "TLSv1.2" });
    // It may end the handshake or not; with TLS 1.2 that is before ours is over.
    assert.match(
      await judge({ port: strict.port, ...trust }),
      /^(fail (tls-failed|reset|closed)|pass)/,
    );
  });

  test("a handshake that does not come to its end is bounded", async (context) => {
    // A record that promises a handshake message of 16 MiB, whose bytes come one by one.
    const begins = Buffer.from("160303400002ffffff", "hex");
    for (const bytes of [[], begins, begins.subarray(0, 3)] as const) {
      const site = await listen(context, (socket) => {
        if (bytes.length > 0) socket.write(Buffer.from(bytes));
      });
      const timers = manualTimers();
      const running = judge({ host: "127.0.0.1", port: site.port }, { timers, timeoutMs: 500 });
      await site.request();
      timers.advance(500);
      assert.match(await running, /^fail (timeout: waiting for the TLS handshake|tls-failed)/);
      await site.allClosed();
      assert.equal(timers.pending, 0);
    }
  });

  test("a server that talks without end is refused", async (context) => {
    const site = await listen(context, (socket) => {
      const talk = (): void => {
        while (socket.writable && socket.write(Buffer.alloc(65_536, 0x16)));
      };
      socket.on("drain", talk);
      socket.once("data", talk);
    });
    assert.match(await judge({ port: site.port }), /^fail (tls-failed|closed|reset)/);
    await site.allClosed();
  });
});

const NGINX = ["/usr/sbin/nginx", "/usr/bin/nginx"].find((path) => existsSync(path));

describe("tls at nginx", { timeout: HANG_MS, skip: NGINX === undefined }, () => {
  test("a good, a wrong, an expired and an incomplete certificate", async (context) => {
    const bundle = join(folder, "bundle.pem");
    writeFileSync(bundle, server.cert + middle.cert);
    const sites = [
      { cert: bundle, key: server.keyFile, is: /^pass passed: Middle ends/ },
      { cert: server.certFile, key: server.keyFile, is: /^fail bad-certificate: unable to/ },
      {
        cert: expired.certFile,
        key: expired.keyFile,
        is: /^fail bad-certificate: cert has expired/,
      },
    ];
    const ports = await Promise.all(sites.map(() => freePort()));
    const blocks = sites.map(
      ({ cert, key }, index) =>
        `server { listen 127.0.0.1:${ports[index]} ssl; ssl_certificate ${cert}; ssl_certificate_key ${key}; return 204; }`,
    );
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    const config = `daemon off; master_process off; pid ${folder}/nginx.pid; events {}
      http { access_log off; ${temporary.map((it) => `${it}_temp_path ${folder}/${it};`).join(" ")}
      ${blocks.join("\n")} }`;
    writeFileSync(join(folder, "nginx.conf"), config);
    const argv = ["-p", folder, "-e", "stderr", "-c", join(folder, "nginx.conf")];
    const child = spawn(NGINX ?? "", argv, { stdio: ["ignore", "ignore", "inherit"] });
    context.after(() => child.kill("SIGKILL"));
    const [first = 0] = ports;
    while ((await judge({ port: first })).startsWith("fail refused"))
      assert.equal(child.exitCode, null);
    for (const [index, { is }] of sites.entries()) {
      assert.match(await judge({ port: ports[index], ...trust }), is);
    }
    assert.match(await judge({ host: "b.test", port: first, ...trust }), /b\.test.*DNS:a\.test/);
  });
});
