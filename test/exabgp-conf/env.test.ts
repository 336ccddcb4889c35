import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { isEnabled, readExabgpEnv } from "../../src/exabgp-conf/env.ts";
import { REPOSITORY } from "../lab/repository.ts";

describe("exabgp.env", () => {
  it("is our template", () => {
    const text = readFileSync(join(REPOSITORY, "exabgp/templates/exabgp.env"), "utf8");
    const env = readExabgpEnv(text);
    const ack = env.get("api.ack");
    assert.ok(ack !== undefined && isEnabled(ack));
    assert.equal(text.split("\n")[ack.line - 1], "ack = true");
    assert.equal(env.get("daemon.user")?.value, "exabgp");
  });

  it("is overruled by the environment, with points before underscores", () => {
    const text = "[exabgp.api]\nack = 'true'\nRespawn: false\n[other]\nack = false\n";
    assert.deepEqual(
      [...readExabgpEnv(text)],
      [
        ["api.ack", { value: "true", line: 2 }],
        ["api.respawn", { value: "false", line: 3 }],
      ],
    );
    const variables = {
      exabgp_api_ack: "0",
      "exabgp.api.respawn": "yes",
      exabgp_api_respawn: "no",
    };
    const env = readExabgpEnv(text, variables);
    assert.deepEqual(env.get("api.ack"), { value: "0", line: 0 });
    assert.deepEqual(env.get("api.respawn"), { value: "yes", line: 0 });
  });

  it("takes what ExaBGP takes for on, and everything else for off", () => {
    const values = ["1", "yes", "On", "ENABLE", "true", "0", "", "no", "ture"];
    assert.deepEqual(
      values.filter((value) => isEnabled({ value, line: 1 })),
      values.slice(0, 5),
    );
  });
});
