import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ProbeSource } from "../../src/control/probe-order.ts";
import { hearAll, say, startTestServer } from "./fixtures.ts";

const ORDER = { "content-type": "application/json", "x-anyctl-order": "1" };

function post(path: string, body = "{}", headers: Readonly<Record<string, string>> = ORDER) {
  const all = { host: "x", "content-length": String(Buffer.byteLength(body)), ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body}`;
}

const WEB = "/v1/services/web/probe";
const long = `/v1/services/${"x".repeat(201)}/probe`;

describe("POST /v1/services/NAME/probe", () => {
  const cases: readonly [name: string, request: string, status: number, says: RegExp][] = [
    ["as it should be", post(WEB), 202, /^\{"service":"web","checks":\["a","b"\]\}\n$/],
    ["with an escaped name", post("/v1/services/w%65b/probe"), 202, /"web"/],
    [
      "of a service that is not there",
      post("/v1/services/%1B%0Ax/probe"),
      404,
      /no service \\"\\\\u001b\\\\nx/,
    ],
    ["of a name that is no text", post("/v1/services/%FF/probe"), 404, /no such path/],
    ["of a name that is too long", post(long), 404, /no such path/],
    ["without its header", post(WEB, "{}", {}), 403, /x-anyctl-order: 1/],
    ["from a page", post(WEB, "{}", { ...ORDER, origin: "http://x" }), 403, /origin/],
    ["with something in its body", post(WEB, '{"checks":["a"]}'), 400, /must be \{\}/],
    ["without a body", post(WEB, ""), 400, /JSON object/],
    ["by GET", `GET ${WEB} HTTP/1.1\r\nhost: x\r\n\r\n`, 405, /allowed: POST/],
  ];
  for (const [name, request, status, says] of cases) {
    it(`${name}: ${status}`, async (context) => {
      const asked: string[] = [];
      const probe: ProbeSource["probe"] = (service) => {
        asked.push(service);
        return service === "web"
          ? { service, checks: ["a", "b"] }
          : { error: `There is no service ${JSON.stringify(service)}` };
      };
      const { socketPath, problems } = await startTestServer(context, { probe });
      const [head = "", body = ""] = (await hearAll(await say(socketPath, request))).split(
        "\r\n\r\n",
      );
      assert.equal(Number(head.slice(9, 12)), status, head + body);
      assert.match(body, says);
      assert.equal(asked.includes("web"), status === 202);
      assert.deepEqual(problems, []);
    });
  }

  it("before the agent decides: 503", async (context) => {
    const { socketPath } = await startTestServer(context);
    assert.match(await hearAll(await say(socketPath, post(WEB))), /^HTTP\/1.1 503 [^]*try again/);
  });
});
