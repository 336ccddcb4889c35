import assert from "node:assert/strict";
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { systemTimers } from "../../checks/timers.ts";
import { EventFeed, READERS_MAX } from "../../src/control/event-feed.ts";
import { manualTimers } from "../checks/manual-timers.ts";
import { waitUntil } from "../lab/wait.ts";
import { closed, hearAll, say, startTestServer } from "./fixtures.ts";

const LISTEN = "GET /v1/events HTTP/1.1\r\nHost: x\r\n";

interface Listening {
  readonly response: IncomingMessage;
  /** What has been heard, without the chunks' sizes. */
  readonly text: () => string;
  readonly heard: (what: RegExp) => Promise<string>;
}

async function listen(socketPath: string, lastId?: string): Promise<Listening> {
  const headers = lastId === undefined ? {} : { "last-event-id": lastId };
  const asked = get({ socketPath, path: "/v1/events", agent: false, headers });
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  let text = "";
  response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  response.on("error", () => {});
  await waitUntil("the first words", () => text.includes("retry") || undefined);
  return {
    response,
    text: () => text,
    heard: (what) => waitUntil(String(what), () => (what.test(text) ? text : undefined)),
  };
}

async function startFeed(context: TestContext, timers = systemTimers) {
  const feed = new EventFeed(timers);
  return { feed, ...(await startTestServer(context, { events: feed, timers })) };
}

describe("events", () => {
  it("come in their order, with their names, and the number of a record as id", async (context) => {
    const { feed, socketPath } = await startFeed(context);
    feed.publish("transition", { seq: 6 }, 6);
    const { response, heard } = await listen(socketPath);
    assert.equal(response.statusCode, 200);
    assert.equal(response.headers["content-type"], "text/event-stream");
    feed.publish("verdict", { check: "dns/udp" });
    feed.publish("transition", { seq: 7, note: "a\nb\u2028\u202E\u001b" }, 7);
    const text = await heard(/"seq":7/);
    assert.equal(
      text,
      `retry: 2000\n\nevent: verdict\ndata: {"check":"dns/udp"}\n\n` +
        `id: 7\nevent: transition\ndata: {"seq":7,"note":"a\\nb\\u2028\\u202e\\u001b"}\n\n`,
    );
    response.destroy();
  });

  const resumptions = [
    { name: "the last one known: what came after", lastId: "2", ids: "v34", missed: undefined },
    { name: "the newest: nothing", lastId: "4", ids: "", missed: undefined },
    { name: "the one before the oldest: everything", lastId: "0", ids: "12v34", missed: undefined },
    {
      name: "of another boot: everything, and that",
      lastId: "99",
      ids: "12v34",
      missed: '{"after":99}',
    },
    { name: "nonsense: everything, and that", lastId: "x", ids: "12v34", missed: "{}" },
    { name: "too many digits", lastId: "9".repeat(400), ids: "12v34", missed: "{}" },
  ];
  for (const { name, lastId, ids, missed } of resumptions) {
    it(`resume after ${name}`, async (context) => {
      const { feed, socketPath } = await startFeed(context);
      for (const id of [1, 2]) feed.publish("transition", { id }, id);
      feed.publish("verdict", { id: "v" });
      for (const id of [3, 4]) feed.publish("transition", { id }, id);
      const { response, heard } = await listen(socketPath, lastId);
      feed.publish("config", { id: "end" });
      const text = await heard(/end/);
      const found = [...text.matchAll(/"id":"?(?<id>\w+)/g)].map((match) => match.groups?.["id"]);
      assert.equal(found.join(""), `${ids}end`);
      assert.equal(/event: missed\ndata: (?<data>.*)\n/.exec(text)?.groups?.["data"], missed);
      response.destroy();
    });
  }

  it("forget the oldest: a reader that comes back is told that it missed some", async (context) => {
    const { feed, socketPath } = await startFeed(context);
    for (let id = 1; id <= 5000; id += 1) feed.publish("transition", { id }, id);
    const { response, heard } = await listen(socketPath, "100");
    const text = await heard(/"id":5000/);
    assert.match(text, /event: missed\ndata: {"after":100}/);
    assert.equal(text.match(/event: transition/g)?.length, 4096);
    response.destroy();
  });

  it("forget sooner what is large", async (context) => {
    const { feed, socketPath } = await startFeed(context);
    const large = "x".repeat(1024 * 1024);
    for (let id = 1; id <= 20; id += 1) feed.publish("transition", { id, large }, id);
    const { response, heard } = await listen(socketPath, "1");
    const text = await heard(/"id":20,"large":"x+"/);
    assert.equal(text.match(/event: transition/g)?.length, 7);
    response.destroy();
  });
});

describe("readers of events", () => {
  it("are only so many, and one that goes makes room", async (context) => {
    const { feed, socketPath } = await startFeed(context);
    const readers = await Promise.all(
      Array.from({ length: READERS_MAX }, () => listen(socketPath)),
    );
    assert.equal(feed.hasRoom, false);
    const refused = await hearAll(await say(socketPath, `${LISTEN}\r\n`));
    assert.match(refused, /^HTTP\/1.1 503 .*16 programs listen already/s);
    readers[0]?.response.destroy();
    await waitUntil("room", () => feed.hasRoom || undefined);
    const { response, heard } = await listen(socketPath);
    feed.publish("config", { last: true });
    await Promise.all([heard(/last/), ...readers.slice(1).map((one) => one.heard(/last/))]);
    for (const one of [...readers, { response }]) one.response.destroy();
  });

  it("that do not read are dropped, and the others get everything", async (context) => {
    const { feed, socketPath } = await startFeed(context);
    const slow: Socket = await say(socketPath, `${LISTEN}\r\n`);
    slow.pause();
    const { response, text, heard } = await listen(socketPath);
    const large = "x".repeat(50_000);
    for (let id = 1; id <= 400; id += 1) {
      feed.publish("transition", { id, large }, id);
      // As the loop does: other things happen between.
      await new Promise((resolve) => setImmediate(resolve));
    }
    await heard(/"id":400,/);
    assert.equal(text().match(/event: transition/g)?.length, 400);
    slow.resume();
    assert.ok((await hearAll(slow)).length < 400 * large.length, "it was dropped");
    response.destroy();
  });

  it("hear a beat, and no limit of five seconds", async (context) => {
    const timers = manualTimers();
    const { feed, socketPath } = await startFeed(context, timers);
    const { response, heard } = await listen(socketPath);
    timers.advance(10_000);
    timers.advance(5000);
    await heard(/^: beat\n\n$/m);
    feed.publish("config", { later: true });
    await heard(/later/);
    response.destroy();
    await waitUntil("no reader", () => timers.pending === 0 || undefined);
  });

  it("that take nothing for two beats are dropped, without any event", async (context) => {
    const timers = manualTimers();
    const { feed, socketPath } = await startFeed(context, timers);
    const slow = await say(socketPath, `${LISTEN}\r\n`);
    slow.pause();
    await waitUntil("a reader", () => timers.pending === 2 || undefined);
    for (let id = 1; id <= 30; id += 1) feed.publish("verdict", { large: "x".repeat(100_000) });
    await waitUntil("no reader", () => {
      timers.advance(15_000);
      return timers.pending === 0 || undefined;
    });
    slow.resume();
    await closed(slow);
  });

  it("get what is left when the agent ends", async (context) => {
    const { feed, socketPath, close } = await startFeed(context);
    const { response, text } = await listen(socketPath);
    const ended = new Promise((resolve) => response.once("close", resolve));
    feed.publish("transition", { to: "stopping" }, 1);
    await close();
    await ended;
    assert.match(text(), /stopping/);
  });

  it("may ask by HEAD, and get no stream", async (context) => {
    const { socketPath } = await startFeed(context);
    const heard = await hearAll(await say(socketPath, LISTEN.replace("GET", "HEAD") + "\r\n"));
    assert.match(heard, /^HTTP\/1.1 200 /);
    assert.ok(heard.endsWith("\r\n\r\n"));
  });
});
