/** The TCP listener of a running agent: what it tells, and that nothing about it can hurt. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { HttpListener } from "../../src/daemon/http-listener.ts";
import { Problems } from "../../src/daemon/problems.ts";
import { STATUS } from "../control/fixtures.ts";
import { waitUntil } from "../lab/wait.ts";
import { manualClock, memoryLog } from "./fixtures.ts";
import { promtool } from "./promtool.ts";
import { ask } from "./scrape.ts";
import { createSite, ScriptedExabgp, webConfig } from "./scripted-exabgp.ts";

/** A port of 127.0.0.1, held until `release`. */
async function holdPort(context: TestContext) {
  const holder = createServer();
  holder.listen(0, "127.0.0.1");
  await once(holder, "listening");
  const address = holder.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const release = async () => {
    if (!holder.listening) return;
    holder.close();
    await once(holder, "close");
  };
  context.after(release);
  return { port, release };
}

async function freePort(context: TestContext): Promise<number> {
  const { port, release } = await holdPort(context);
  await release();
  return port;
}

function listenOn(port: number): string {
  return `http: { listen: "127.0.0.1:${port}" }\n`;
}

describe("an agent with a TCP listener", () => {
  it("tells the same metrics there and on its socket, clean for promtool", async (t) => {
    const site = await createSite(t);
    const port = await freePort(t);
    site.writeConfig(listenOn(port) + webConfig(site.port));
    const exabgp = new ScriptedExabgp(site);
    await exabgp.waitForCommands(1);
    const up = 'anyctl_service_state{service="web",state="up"} 1';
    const body = await waitUntil("the metrics of a service that is up", async () => {
      const answer = await ask({ port, path: "/metrics" });
      return answer?.body.includes(up) === true ? answer.body : undefined;
    });
    promtool(["check", "metrics"], body);
    const socketPath = join(site.folder, "agent.sock");
    const other = await ask({ socketPath, path: "/metrics" });
    assert.deepEqual(namesOf(other?.body ?? ""), namesOf(body));
    // The names that dashboards and alerts of others rely on.
    for (const name of [
      "anyctl_service_state",
      "anyctl_route_announced",
      "anyctl_check_up",
      "anyctl_check_duration_seconds",
      "anyctl_transitions_total",
      "anyctl_exabgp_commands_total",
      "anyctl_exabgp_ack_seconds",
      "anyctl_session_up",
      "anyctl_rib_mismatch",
      "anyctl_drain_until_seconds",
      "anyctl_event_loop_lag_seconds",
      "anyctl_config_last_reload_successful",
      "anyctl_build_info",
    ]) {
      assert.ok(namesOf(body).includes(name), name);
    }
    assert.match(body, /^anyctl_exabgp_ack_seconds_count 1$/m);
    assert.match(body, /^anyctl_exabgp_commands_total\{result="done"\} 1$/m);
    assert.match(body, /^anyctl_route_announced\{service="web",prefix="192\.0\.2\.0\/24"\} 1$/m);
    assert.match(body, /^anyctl_config_last_reload_successful 1$/m);
    assert.match((await ask({ port, path: "/" }))?.body ?? "", /<td>web<\/td>/);
    assert.equal((await ask({ port, path: "/healthz" }))?.status, 200);
    assert.equal((await ask({ port, path: "/v1/status" }))?.status, 404);
  });

  it("says that the file is not in force, and moves with it when it is mended", async (t) => {
    const site = await createSite(t);
    const [port, next] = [await freePort(t), await freePort(t)];
    site.writeConfig(listenOn(port) + webConfig(site.port));
    const exabgp = new ScriptedExabgp(site);
    await exabgp.waitForCommands(1);
    site.writeConfig("services: nonsense\n");
    exabgp.child.kill("SIGHUP");
    await waitUntil("the failed reload", async () => {
      const body = (await ask({ port, path: "/metrics" }))?.body ?? "";
      return /^anyctl_config_last_reload_successful 0$/m.test(body) || undefined;
    });
    site.writeConfig(listenOn(next) + webConfig(site.port));
    exabgp.child.kill("SIGHUP");
    await waitUntil("the other port", () => ask({ port: next, path: "/healthz" }));
    assert.equal(await ask({ port, path: "/healthz" }), undefined);
    site.writeConfig(webConfig(site.port));
    exabgp.child.kill("SIGHUP");
    await waitUntil("the end of the listener", async () =>
      (await ask({ port: next, path: "/healthz" })) === undefined ? true : undefined,
    );
    assert.equal(exabgp.commands.length, 1);
  });

  it("tells no secret of the configuration, in force or refused", async (t) => {
    const site = await createSite(t);
    const port = await freePort(t);
    const url = `http://127.0.0.1:${site.port}/hunter2-path?hunter2-query`;
    const config = (headers: string) =>
      listenOn(port) +
      webConfig(site.port).replace(
        /\{ type: tcp.*\} \}/,
        `{ type: http, url: "${url}", expect-body: hunter2-body, headers: ${headers} } }`,
      );
    site.writeConfig(config('{ authorization: "Bearer hunter2" }'));
    const exabgp = new ScriptedExabgp(site);
    await exabgp.waitForStatus("a verdict", (s) => s.services[0]?.state === "down");
    site.writeConfig(config('{ authorization: ["hunter2"], "x y": 1 }'));
    exabgp.child.kill("SIGHUP");
    await exabgp.waitForStatus("the refusal", (s) => s.config.problems.length > 0);
    for (const path of ["/", "/status", "/metrics", "/healthz"]) {
      const answer = await ask({ port, path });
      assert.ok(answer !== undefined && answer.body !== "", path);
      assert.doesNotMatch(answer.body, /hunter2/, path);
    }
  });

  it("does its work while somebody else has the port, and says so", async (t) => {
    const site = await createSite(t);
    const { port, release } = await holdPort(t);
    site.writeConfig(listenOn(port) + webConfig(site.port));
    const exabgp = new ScriptedExabgp(site);
    await exabgp.waitForCommands(1);
    const { problems } = await exabgp.waitForStatus("the problem", (s) => s.problems.length > 0);
    assert.deepEqual(
      problems.map(({ word }) => word),
      ["http-listener"],
    );
    assert.match(problems[0]?.detail ?? "", /EADDRINUSE.*127\.0\.0\.1/);
    await release();
    await exabgp.waitForStatus("the end of it", (s) => s.problems.length === 0);
    assert.equal((await ask({ port, path: "/healthz" }))?.status, 200);
  });
});

describe("the listener", () => {
  function listening(t: TestContext) {
    const clock = manualClock();
    const problems = new Problems(clock, memoryLog().log);
    const source = { status: () => STATUS, healthz: () => ({ ok: true, detail: "" }) };
    const listener = new HttpListener({ ...source, timers: clock }, problems);
    t.after(() => listener.close());
    return { clock, problems, listener };
  }

  it("waits for an address that is on no interface yet", async (t) => {
    const { clock, problems, listener } = listening(t);
    // Documentation space: no host has it.
    await listener.listen({ host: "192.0.2.1", port: 9179 });
    assert.match(problems.list()[0]?.detail ?? "", /EADDRNOTAVAIL/);
    assert.equal(clock.pending, 1);
    await listener.listen(undefined);
    assert.deepEqual(problems.list(), []);
    assert.equal(clock.pending, 0);
  });

  it("gives a port back before it takes another, however fast it is told", async (t) => {
    const { problems, listener } = listening(t);
    const [first, second] = [await freePort(t), await freePort(t)];
    const host = "127.0.0.1";
    void listener.listen({ host, port: first });
    void listener.listen({ host, port: second });
    void listener.listen(undefined);
    await listener.listen({ host, port: first });
    assert.equal((await ask({ port: first, path: "/healthz" }))?.status, 200);
    assert.equal(await ask({ port: second, path: "/healthz" }), undefined);
    assert.deepEqual(problems.list(), []);
    await listener.close();
    assert.equal(await ask({ port: first, path: "/healthz" }), undefined);
  });
});

function namesOf(text: string): string[] {
  return [...text.matchAll(/^# TYPE (?<name>\S+) /gm)].map(({ groups }) => groups?.["name"] ?? "");
}
