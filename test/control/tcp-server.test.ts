/** What a browser or a scraper gets from the TCP listener, and what it does not get. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { describe, it, type TestContext } from "node:test";
import fc from "fast-check";
import { systemTimers } from "../../checks/timers.ts";
import { html } from "../../src/control/html.ts";
import { statusPage } from "../../src/control/page.ts";
import { startTcpServer, type TcpServerOptions } from "../../src/control/tcp-server.ts";
import { manualTimers } from "../checks/manual-timers.ts";
import { closed, hearAll, STATUS } from "./fixtures.ts";

/** What somebody would write who wants more than text. */
const HOSTILE = `<script>alert(1)</script>"'><img src=x onerror=alert(1)>&lt;\u202e\u001b[2J\n\u0000\ud800`;

async function started(context: TestContext, options: Partial<TcpServerOptions> = {}) {
  const problems: string[] = [];
  const server = await startTcpServer({
    host: "127.0.0.1",
    port: 0,
    status: () => STATUS,
    healthz: () => ({ ok: true, detail: "" }),
    metrics: () => Promise.resolve("# HELP a A.\n# TYPE a gauge\na 1\n"),
    problem: (detail) => problems.push(detail),
    timers: systemTimers,
    ...options,
  });
  context.after(() => server.close());
  const ask = async (method: string, path: string, more = "") => {
    const socket = connect(server.port, "127.0.0.1");
    await once(socket, "connect");
    socket.on("error", () => {});
    socket.write(`${method} ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`);
    const answer = await hearAll(socket);
    const end = answer.indexOf("\r\n\r\n");
    const head = answer.slice(0, end).toLowerCase();
    return { status: Number(head.slice(9, 12)), head, body: answer.slice(end + 4) };
  };
  return { server, problems, ask };
}

describe("the TCP listener", () => {
  it("serves metrics as Prometheus wants them", async (context) => {
    const { ask } = await started(context);
    const { status, head, body } = await ask("GET", "/metrics");
    assert.equal(status, 200);
    assert.match(head, /\r\ncontent-type: text\/plain; version=0\.0\.4; charset=utf-8/);
    assert.equal(body, "# HELP a A.\n# TYPE a gauge\na 1\n");
  });

  it("serves the status and the health that the socket serves", async (context) => {
    const { ask } = await started(context);
    assert.deepEqual(JSON.parse((await ask("GET", "/status")).body), STATUS);
    assert.deepEqual(JSON.parse((await ask("GET", "/healthz")).body), { ok: true, detail: "" });
  });

  it("serves a page that may load nothing and run nothing", async (context) => {
    const { ask } = await started(context);
    const { head, body } = await ask("GET", "/");
    assert.match(head, /\r\ncontent-type: text\/html; charset=utf-8/);
    assert.match(
      head,
      /\r\ncontent-security-policy: default-src 'none'; style-src 'unsafe-inline'/,
    );
    assert.match(head, /\r\nx-content-type-options: nosniff/);
    assert.match(
      body,
      /<td>dns<\/td><td><span class="good">up<\/span><\/td><td>all-checks-up<\/td>/,
    );
    assert.match(body, /<meta http-equiv="refresh" content="5" \/>/);
  });

  for (const path of ["/v1/status", "/v1/services/dns/why", "/v1/reload", "/favicon.ico", "//"]) {
    it(`has no ${path}`, async (context) => {
      const { ask } = await started(context);
      for (const method of ["GET", "POST"]) {
        const { status, body } = await ask(method, path);
        assert.equal(status, 404);
        assert.match(body, /allowed: \/healthz, \/metrics, \/status, \/"/);
      }
    });
  }

  for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"]) {
    it(`refuses ${method}`, async (context) => {
      const { ask } = await started(context);
      for (const path of ["/", "/metrics", "/status", "/healthz"]) {
        const { status, head } = await ask(method, path, "Content-Length: 0\r\n");
        assert.equal(status, 405);
        assert.match(head, /\r\nallow: get, head/);
      }
    });
  }

  it("answers HEAD without a body", async (context) => {
    const { ask } = await started(context);
    const { status, head, body } = await ask("HEAD", "/metrics");
    assert.deepEqual([status, body], [200, ""]);
    assert.match(head, /\r\ncontent-length: 31/);
  });

  it("answers 500 when a scrape fails, and reports it", async (context) => {
    const metrics = () => Promise.reject(new Error("no histogram"));
    const { ask, problems } = await started(context, { metrics });
    assert.equal((await ask("GET", "/metrics")).status, 500);
    assert.match(problems[0] ?? "", /no histogram\n {4}at /);
  });

  it("sends a scraper away whose answer takes too long", async (context) => {
    const timers = manualTimers();
    let begun = () => {};
    const beginning = new Promise<void>((resolve) => (begun = resolve));
    const metrics = () => {
      begun();
      return new Promise<string>(() => {});
    };
    const { server } = await started(context, { timers, metrics });
    const socket = connect(server.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    await beginning;
    timers.advance(10_000);
    await closed(socket);
  });

  it("rejects when the port is taken", async (context) => {
    const { server } = await started(context);
    await assert.rejects(started(context, { port: server.port }), { code: "EADDRINUSE" });
  });
});

describe("the page", () => {
  it("shows what others wrote as text, wherever it stands", () => {
    const [service] = STATUS.services;
    assert.ok(service);
    const [check] = service.checks;
    assert.ok(check?.last);
    const page = statusPage({
      ...STATUS,
      pop: HOSTILE,
      exabgp: { ...STATUS.exabgp, version: HOSTILE },
      services: [{ ...service, checks: [{ ...check, last: { ...check.last, detail: HOSTILE } }] }],
      sessions: [{ neighbor: HOSTILE, state: "down", reason: HOSTILE }],
      drains: [
        {
          service: "dns",
          kind: "operator",
          reason: HOSTILE,
          by: HOSTILE,
          since: undefined,
          until: HOSTILE,
          problem: HOSTILE,
          gracefulMs: undefined,
          transient: false,
        },
      ],
      pins: [{ service: "dns", reason: HOSTILE, by: HOSTILE, since: undefined, until: HOSTILE }],
      problems: [{ since: HOSTILE, word: HOSTILE, detail: HOSTILE }],
    });
    assert.doesNotMatch(page, /<script|<img|(?!\n)[\p{Cc}\p{Cf}\p{Cs}]/u);
    assert.equal(
      page.split("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&gt;&lt;img").length,
      16,
    );
    assert.match(page, /&amp;lt;\\u\{202e\}\\u\{1b\}\[2J\\u\{a\}\\u\{0\}\\u\{d800\}/);
  });

  it("never has more tags than were written, whatever the text", () => {
    let special = 0;
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        if (/[<>"'&]/.test(text)) special += 1;
        const { text: made } = html`<a title="${text}">${text}</a>`;
        assert.match(made, /^<a title="[^<>"']*">[^<>"']*<\/a>$/);
      }),
      { examples: [["<>\"'&"]] },
    );
    assert.ok(special > 0);
  });

  it("of thousands of checks has a limit and says so", () => {
    const [service] = STATUS.services;
    assert.ok(service);
    const services = Array.from({ length: 2000 }, () => service);
    const page = statusPage({ ...STATUS, services });
    assert.ok(page.length < 400_000, String(page.length));
    assert.equal(page.split("and 1800 more").length, 3);
  });
});
