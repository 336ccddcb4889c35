/** The whole agent hears of its services between two polls. */
import assert from "node:assert/strict";
import { request } from "node:http";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { text } from "node:stream/consumers";
import { waitUntil } from "../lab/wait.ts";
import { createSite, ScriptedExabgp, type Site } from "./scripted-exabgp.ts";

/** No poll comes in time for these tests: what is probed was heard of. */
const config = (
  port: number,
) => `defaults: { interval: 1h, timeout: 200ms, fast-interval: 10ms, rise: 1, fall: 3 }
services:
  web:
    prefixes: [192.0.2.0/24]
    scope: local
    checks: { port: { type: tcp, host: 127.0.0.1, port: ${port}, watch: true } }
`;

/** A service that remembers its connections, of which the agent holds one. */
class Service {
  readonly sockets = new Set<Socket>();
  readonly #server: Server;
  accepted = 0;

  constructor() {
    this.#server = createServer((socket) => {
      this.accepted += 1;
      this.sockets.add(socket);
      socket.on("close", () => this.sockets.delete(socket)).on("error", () => {});
    });
  }

  async listen(port = 0): Promise<number> {
    this.#server.listen(port, "127.0.0.1");
    await once(this.#server, "listening");
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  closeConnections(): void {
    for (const socket of this.sockets) socket.end();
  }

  /** As a process that is killed. */
  async die(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}

async function watched(t: TestContext) {
  const site = await createSite(t);
  const service = new Service();
  const port = await service.listen();
  t.after(() => service.die().catch(() => {}));
  site.writeConfig(config(port));
  const exabgp = new ScriptedExabgp(site);
  await exabgp.waitForCommands(1);
  await exabgp.waitForStatus("its connection", ({ services }) => {
    const [check] = services[0]?.checks ?? [];
    return check?.listening === true;
  });
  return { site, service, port, exabgp };
}

function lastEvent(exabgp: ScriptedExabgp, what: string, settled: boolean) {
  return exabgp.waitForStatus(what, ({ services }) => {
    const event = services[0]?.checks[0]?.event;
    return event !== undefined && event.settled === settled;
  });
}

/** What `GET /v1/events` says from now on. */
function listenTo(t: TestContext, site: Site): Promise<readonly string[]> {
  const socketPath = join(site.folder, "agent.sock");
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path: "/v1/events" }, (response) => {
      const texts: string[] = [];
      response.setEncoding("utf8").on("data", (part: string) => texts.push(part));
      response.on("error", () => {});
      resolve(texts);
    });
    t.after(() => asked.destroy());
    asked.on("error", reject).end();
  });
}

function post(site: Site, path: string): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "x-anyctl-order": "1" };
    const socketPath = join(site.folder, "agent.sock");
    const asked = request({ socketPath, path, method: "POST", headers }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode, body }), reject);
    });
    asked.on("error", reject).end("{}");
  });
}

describe("an agent that watches", () => {
  it("withdraws what has died without waiting for the next poll", async (t) => {
    const { service, exabgp, site } = await watched(t);
    await service.die();
    const [, withdrawal] = await exabgp.waitForCommands(2);
    assert.match(withdrawal ?? "", /^withdraw route 192\.0\.2\.0\/24/);
    const record = await waitUntil("its record", () =>
      site.audit().find(({ to }) => to === "down"),
    );
    assert.match(record.evidence ?? "", /^refused/);
    assert.match(exabgp.stderr, /"word":"connection-lost"[^\n]*"msg":"event heard"/);
  });

  it("withdraws nothing when only its connection is closed, and opens another", async (t) => {
    const { service, exabgp } = await watched(t);
    let lastAt: string | undefined;
    for (let round = 0; round < 3; round += 1) {
      service.closeConnections();
      await exabgp.waitForStatus("a new event that is settled", ({ services }) => {
        const { event, listening } = services[0]?.checks[0] ?? {};
        if (event?.settled !== true || listening !== true || event.at === lastAt) return false;
        lastAt = event.at;
        return true;
      });
    }
    assert.equal(exabgp.commands.length, 1);
  });

  it("withdraws nothing when the service is back before the burst has failed three times", async (t) => {
    const site = await createSite(t);
    const service = new Service();
    const port = await service.listen();
    const slow = config(port).replace("fast-interval: 10ms", "fast-interval: 2s");
    site.writeConfig(slow);
    const exabgp = new ScriptedExabgp(site);
    await exabgp.waitForCommands(1);
    await exabgp.waitForStatus("its connection", ({ services }) => {
      return services[0]?.checks[0]?.listening === true;
    });
    await service.die();
    await exabgp.waitForStatus("a failure", ({ services }) => {
      return services[0]?.checks[0]?.streak === "1/3";
    });
    const restarted = new Service();
    await restarted.listen(port);
    t.after(() => restarted.die());
    await lastEvent(exabgp, "the event to be settled", true);
    assert.equal(exabgp.commands.length, 1);
  });
});

describe("POST /v1/services/NAME/probe", () => {
  it("has every check probed at once, and decides nothing", async (t) => {
    const { site, exabgp, service } = await watched(t);
    const events = await listenTo(t, site);
    const before = service.accepted;
    const { status, body } = await post(site, "/v1/services/web/probe");
    assert.equal(status, 202);
    assert.deepEqual(JSON.parse(body), { service: "web", checks: ["port"] });
    await lastEvent(exabgp, "the burst to be over", true);
    assert.ok(service.accepted >= before + 3, `${service.accepted} connections`);
    await waitUntil("the event", () => events.join("").includes("event: heard\n") || undefined);
    assert.match(events.join(""), /^data: \{.*"check":"web\/port","word":"asked","detail":""\}$/m);
    assert.equal(exabgp.commands.length, 1);
  });

  it("names the services that there are", async (t) => {
    const { site } = await watched(t);
    const { status, body } = await post(site, "/v1/services/wbe/probe");
    assert.equal(status, 404);
    assert.match(body, /There is no service \\"wbe\\"; there are: web"/);
  });
});

describe("a service that closes every connection at once", () => {
  it("costs few probes, and no withdrawal while they pass", async (t) => {
    const site = await createSite(t);
    let accepted = 0;
    site.service.on("connection", (socket: Socket) => {
      accepted += 1;
      socket.end();
    });
    site.writeConfig(config(site.port));
    const exabgp = new ScriptedExabgp(site);
    await exabgp.waitForCommands(1);
    const dates = new Set<string>();
    await exabgp.waitForStatus("five events", ({ services }) => {
      const at = services[0]?.checks[0]?.event?.at;
      if (at !== undefined) dates.add(at);
      return dates.size >= 5;
    });
    // A connection for each event, and a burst of three probes; one of which may have been under way.
    const most = 1 + (dates.size + 1) * 5;
    assert.ok(accepted <= most, `${accepted} connections for ${dates.size} events`);
    assert.equal(exabgp.commands.length, 1);
  });
});
