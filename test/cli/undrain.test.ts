import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { STATUS } from "../control/fixtures.ts";
import { NOW, run, UID } from "./fake-io.ts";
import { makePop, startAgent } from "./pop.ts";
import { drain } from "../core/fixtures.ts";

describe("undrain", () => {
  it("ends a drain: the agent takes the order away", async (context) => {
    const pop = makePop(context);
    await startAgent(context, pop);
    const config = ["--config", pop.configPath];
    await run(["drain", "dns", "--reason", "r", ...config]);
    const { status, out, err } = await run(["undrain", "dns", "--reason", "done", ...config]);
    assert.equal(err, "");
    assert.equal(status, 0);
    assert.equal(
      out,
      `dns is to be undrained
SERVICE  STATE  REASON         ROUTES
dns      up     all-checks-up  192.0.2.0/24 announced (done)
`,
    );
    assert.deepEqual(readdirSync(pop.drains), []);
  });

  it("promises the end of the drain, not an announcement", async (context) => {
    const pop = makePop(context);
    const [dns] = STATUS.services;
    assert.ok(dns);
    const refused = dns.routes.map((route) => ({ ...route, answer: "failed" }) as const);
    await startAgent(context, pop, { services: [{ ...dns, routes: refused }] });
    writeFileSync(join(pop.drains, "dns"), "");
    const { status, out, err } = await run(["undrain", "dns", "--config", pop.configPath]);
    assert.deepEqual([status, err], [0, ""]);
    assert.match(out, /announced \(failed\)$/m);
  });

  it("that the agent does not see ends with status 4", async (context) => {
    const pop = makePop(context);
    const standing = drain({ service: "dns", since: NOW });
    await startAgent(
      context,
      { ...pop, drains: `${pop.drains}-of-another-pop` },
      { drains: [standing] },
    );
    mkdirSync(pop.drains);
    writeFileSync(join(pop.drains, "dns"), "");
    const { status, err } = await run(["undrain", "dns", "--config", pop.configPath]);
    assert.equal(status, 4);
    assert.equal(
      err,
      `anyctl: The order to undrain stands, but the agent still shows the drain after 2 s, so it may go on; does its state-dir hold "${pop.drains}"?\n`,
    );
  });

  it("of what is not drained is done already", async (context) => {
    const pop = makePop(context);
    await startAgent(context, pop);
    const { status, out, err } = await run(["undrain", "dns", "--config", pop.configPath]);
    assert.deepEqual([status, out, err], [0, "dns was not drained\n", ""]);
    const all = await run(["undrain", "--all", "--config", pop.configPath]);
    assert.deepEqual([all.status, all.out], [0, "The PoP as a whole was not drained\n"]);
  });

  it("of a service says that the PoP is drained all the same", async (context) => {
    const pop = makePop(context);
    await startAgent(context, pop);
    const config = ["--config", pop.configPath];
    await run(["drain", "--all", "--reason", "r", ...config]);
    await run(["drain", "dns", "--reason", "r", ...config]);
    const { status, out } = await run(["undrain", "dns", ...config]);
    assert.equal(status, 0);
    assert.match(out, /^The whole PoP is drained all the same; see `anyctl undrain --all`$/m);
    assert.match(out, /^dns +drained/m);
  });

  it("--all leaves the drains of single services", async (context) => {
    const pop = makePop(context);
    await startAgent(context, pop);
    const config = ["--config", pop.configPath];
    await run(["drain", "--all", "--reason", "r", ...config]);
    await run(["drain", "dns", "--reason", "r", ...config]);
    const { status, out } = await run(["undrain", "--all", ...config]);
    assert.equal(status, 0);
    assert.match(out, /^dns +drained/m);
    assert.match(out, /^web +up/m);
    assert.deepEqual(readdirSync(pop.drains), ["dns"]);
  });

  it("without an agent leaves the order to the next one, with status 3", async (context) => {
    const pop = makePop(context);
    mkdirSync(pop.drains);
    writeFileSync(join(pop.drains, "dns"), "");
    const { status, out, err } = await run(["undrain", "dns", "--config", pop.configPath]);
    assert.equal(status, 3);
    assert.equal(out, "dns is to be undrained\n");
    assert.match(err, /; the drain ends as soon as an agent runs\n$/);
    assert.deepEqual(JSON.parse(readFileSync(join(pop.drains, "dns"), "utf8")), {
      undrain: true,
      reason: "",
      by: `uid:${UID}`,
      since: NOW,
    });
  });

  it("ends the drain of a service that is not configured any more", async (context) => {
    const pop = makePop(context);
    await startAgent(context, pop);
    writeFileSync(join(pop.drains, "gone"), "");
    const { status, out } = await run(["undrain", "gone", "--config", pop.configPath]);
    assert.deepEqual([status, out], [0, "gone is to be undrained\n"]);
    assert.ok(!existsSync(join(pop.drains, "gone")));
  });

  it("of a service that there is not is refused, before anything is done", async (context) => {
    const pop = makePop(context);
    await startAgent(context, pop);
    await run(["drain", "dns", "--reason", "r", "--config", pop.configPath]);
    const { status, out, err } = await run(["undrain", "dns", "dsn", "--config", pop.configPath]);
    assert.deepEqual([status, out], [1, ""]);
    assert.equal(err, "anyctl: There is no service dsn; there are: dns, web\n");
    assert.deepEqual(readdirSync(pop.drains), ["dns"]);
  });

  const files = [
    { name: "no JSON", content: "{" },
    { name: "a list", content: "[]" },
    { name: "null", content: "null" },
    { name: "a drain that says it is none", content: '{"undrain":false}' },
    { name: "a film", content: "x".repeat(100_000) },
  ];
  for (const { name, content } of files) {
    it(`ends a drain whose file is ${name}`, async (context) => {
      const pop = makePop(context);
      mkdirSync(pop.drains);
      writeFileSync(join(pop.drains, "dns"), content);
      const { out } = await run(["undrain", "dns", "--config", pop.configPath]);
      assert.equal(out, "dns is to be undrained\n");
    });
  }

  it("does not wait for a FIFO in the file's place", async (context) => {
    const pop = makePop(context);
    mkdirSync(pop.drains);
    execFileSync("mkfifo", [join(pop.drains, "dns")]);
    const { out } = await run(["undrain", "dns", "--config", pop.configPath]);
    assert.equal(out, "dns is to be undrained\n");
  });
});
