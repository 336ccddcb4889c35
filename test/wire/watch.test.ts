/** What is heard of a real nginx, and what the router hears of that. Needs root. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Status } from "../../src/control/protocol.ts";
import { createMiniLab, type MiniLab } from "../lab/mini-lab.ts";
import { sendSignal } from "../lab/process.ts";
import {
  waitForDecision,
  waitForNoRoutes,
  waitForRoutes,
  waitForSessions,
  waitForStatus,
} from "./fixtures.ts";

/** Polls are so rare that whatever is found out was heard of; a burst takes two seconds to fail. */
const CONFIG = `defaults: { interval: 1h, fast-interval: 1s, slow-interval: 500ms }
services:
  web:
    prefixes: [192.0.2.0/24, "2001:db8:53::/48"]
    scope: local
    checks: { ipv4: { type: http, url: "http://192.0.2.53/healthz", watch: true } }
`;

const checkOf = (status: Status) => status.services[0]?.checks[0];

describe("a watched nginx", () => {
  let mini: MiniLab;
  before(async () => {
    mini = await createMiniLab({ config: CONFIG, startsWeb: false, startsExabgp: false });
    // Else an old worker keeps a connection that has not asked for anything for a minute (client_header_timeout).
    rewriteNginx("daemon off;", "daemon off; worker_shutdown_timeout 300ms;");
    await mini.pop.web.start();
    await mini.pop.exabgp.start();
    await waitForSessions(mini);
    await waitForRoutes(mini);
    await listening();
  });
  after(() => mini.remove());

  function listening(): Promise<Status> {
    return waitForStatus(mini.pop, "a connection", (seen) => checkOf(seen)?.listening === true);
  }

  /** Resolves with the date of an event later than `lastAt`. */
  async function heard(sinceAt = ""): Promise<string> {
    const seen = await waitForStatus(mini.pop, "an event", (status) => {
      const { event } = checkOf(status) ?? {};
      return event?.word === "connection-lost" && event.at > sinceAt;
    });
    return checkOf(seen)?.event?.at ?? "";
  }

  async function lastAt(): Promise<string | undefined> {
    return checkOf(await waitForStatus(mini.pop, "a status", () => true))?.event?.at;
  }

  function settled(): Promise<Status> {
    return waitForStatus(
      mini.pop,
      "the event to be settled",
      (seen) => checkOf(seen)?.event?.settled === true,
    );
  }

  /** Takes effect with the next start or reload. */
  function rewriteNginx(old: string, fresh: string): void {
    const file = join(mini.pop.folder, "nginx", "nginx.conf");
    const text = readFileSync(file, "utf8");
    assert.ok(text.includes(old));
    writeFileSync(file, text.replace(old, fresh));
  }

  function reloadNginx(): void {
    const [master = -1] = mini.pop.web.pids();
    assert.ok(master > 0 && sendSignal(master, "SIGHUP"));
  }

  test("that ends idle connections after a second is connected ever more rarely, without an UPDATE", async () => {
    const from = mini.transit.wireUpdates().length;
    const quiet = "access_log off;";
    const impatient = `${quiet} client_header_timeout 1s;`;
    rewriteNginx(quiet, impatient);
    reloadNginx();
    const dates: string[] = [];
    while (dates.length < 5) dates.push(await heard(dates.at(-1) ?? (await lastAt())));
    const gaps = dates.slice(1).map((at, nth) => Date.parse(at) - Date.parse(dates[nth] ?? ""));
    // After pauses of 100, 200, 400 and 800 ms.
    assert.ok((gaps[3] ?? 0) - (gaps[0] ?? 0) > 350, `gaps of ${gaps.join(", ")} ms`);
    assert.equal(mini.transit.wireUpdates().length, from);
    rewriteNginx(impatient, quiet);
    reloadNginx();
    await settled();
  });

  test("that is reloaded costs no UPDATE", async () => {
    const from = mini.transit.wireUpdates().length;
    await listening();
    const earlier = await lastAt();
    reloadNginx();
    await heard(earlier);
    const seen = await settled();
    assert.deepEqual([checkOf(seen)?.verdict, checkOf(seen)?.streak], ["up", ""]);
    assert.equal(mini.transit.wireUpdates().length, from);
  });

  test("that is killed and started again within the burst costs no UPDATE", async () => {
    await listening();
    const from = mini.transit.wireUpdates().length;
    const earlier = await lastAt();
    await mini.pop.web.kill();
    await mini.pop.web.start();
    await heard(earlier);
    const seen = await settled();
    assert.equal(checkOf(seen)?.verdict, "up");
    assert.equal(mini.transit.wireUpdates().length, from);
  });

  test("that is killed is withdrawn an hour before the next poll", async () => {
    await listening();
    const from = mini.transit.wireUpdates().length;
    await mini.pop.web.kill();
    await waitForNoRoutes(mini);
    const updates = mini.transit.wireUpdates().slice(from);
    assert.deepEqual(
      updates.map(({ kind }) => kind),
      ["withdrawn", "withdrawn"],
    );
    const { evidence, detectMs } = await waitForDecision(mini.pop, { from: "up", to: "down" });
    assert.match(evidence ?? "", /^refused/);
    // Three failures a second apart, counted from the event.
    assert.ok((detectMs ?? 0) > 1900 && (detectMs ?? 0) < 20_000, `${detectMs} ms`);
    await mini.pop.web.start();
    await waitForRoutes(mini);
  });
});
