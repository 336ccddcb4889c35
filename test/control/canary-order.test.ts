import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { CanaryOrder, CanarySource } from "../../src/control/canary-order.ts";
import { hearAll, say, startTestServer } from "./fixtures.ts";

const PREFIX = "203.0.113.0/24";
const ANSWER = {
  outcome: "passed",
  prefix: PREFIX,
  actor: "unknown",
  steps: [],
  sessions: [],
} as const;

function post(body: string, headers = "x-anyctl-order: 1\r\n") {
  const all = `host: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n${headers}`;
  return `POST /v1/canary HTTP/1.1\r\nconnection: close\r\n${all}\r\n${body}`;
}

const cases: readonly [
  name: string,
  request: string,
  status: number,
  orders: readonly CanaryOrder[],
][] = [
  ["as it should be", post(`{"prefix":"${PREFIX}"}`), 200, [{ prefix: PREFIX }]],
  ["with a proof", post('{"prefix":"x","proof":"p"}'), 200, [{ prefix: "x", proof: "p" }]],
  ["without a prefix", post("{}"), 400, []],
  ["with a prefix that is no text", post('{"prefix":1}'), 400, []],
  ["with something else", post('{"prefix":"x","med":1}'), 400, []],
  ["without its header", post(`{"prefix":"${PREFIX}"}`, ""), 403, []],
  ["that is refused", post('{"prefix":"no"}'), 409, [{ prefix: "no" }]],
];

describe("POST /v1/canary", () => {
  for (const [name, request, status, expected] of cases) {
    it(`${name}: ${status}`, async (context) => {
      const orders: CanaryOrder[] = [];
      const canary: CanarySource["canary"] = async (order) => {
        orders.push(order);
        return order.prefix === "no" ? { error: "no" } : ANSWER;
      };
      const { socketPath } = await startTestServer(context, { canary });
      const heard = await hearAll(await say(socketPath, request));
      assert.match(heard, new RegExp(`^HTTP/1.1 ${status} `));
      assert.deepEqual(orders, expected);
    });
  }

  it("before anything is decided: 503", async (context) => {
    const { socketPath } = await startTestServer(context, { canary: () => "starting" });
    const heard = await hearAll(await say(socketPath, post(`{"prefix":"${PREFIX}"}`)));
    assert.match(heard, /^HTTP\/1.1 503 /);
  });
});
