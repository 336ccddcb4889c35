import assert from "node:assert/strict";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { normalizeRoute } from "exabgp-ts-bridge";
import { UNTOLD, type OwnedRoute, type RouteState } from "../../src/core/routes.ts";
import { OwnedFile } from "../../src/daemon/owned.ts";
import { temporaryFolder } from "../checks/temporary.ts";

const OWNED: OwnedRoute = {
  route: normalizeRoute({
    prefix: "192.0.2.0/24",
    nextHop: "self",
    med: 5,
    communities: ["65535:0"],
  }),
  services: ["dns"],
  shared: "any",
};
const ROUTES = new Map<string, RouteState>([
  ["192.0.2.0/24", { ...UNTOLD, told: "announced", owned: OWNED }],
  ["198.51.100.0/24", UNTOLD],
]);
const noProblem = (detail: string) => assert.fail(detail);

describe("owned.json", () => {
  it("tells the next life under the same ExaBGP what was announced, attributes included", (t) => {
    const folder = temporaryFolder(t);
    new OwnedFile(folder, "exabgp 1").save(ROUTES);
    const owned = new OwnedFile(folder, "exabgp 1").load(noProblem);
    assert.deepEqual([...owned], [["192.0.2.0/24", OWNED]]);
  });

  it("tells it also which withdrawal was never answered", (t) => {
    const folder = temporaryFolder(t);
    const withdrawn = { ...UNTOLD, told: "withdrawn", answer: "pending", owned: OWNED } as const;
    new OwnedFile(folder, "exabgp 1").save(new Map([["192.0.2.0/24", withdrawn]]));
    const owned = new OwnedFile(folder, "exabgp 1").load(noProblem);
    assert.deepEqual([...owned], [["192.0.2.0/24", { ...OWNED, isWithdrawn: true }]]);
  });

  it("means nothing to another ExaBGP, which holds nothing of ours", (t) => {
    const folder = temporaryFolder(t);
    new OwnedFile(folder, "exabgp 1").save(ROUTES);
    assert.deepEqual([...new OwnedFile(folder, "exabgp 2").load(noProblem)], []);
  });

  it("is read under its new name when a crash came before the renaming", (t) => {
    const folder = temporaryFolder(t);
    new OwnedFile(folder, "exabgp 1").save(ROUTES);
    renameSync(join(folder, "owned.json"), join(folder, "owned.json.new"));
    assert.equal(new OwnedFile(folder, "exabgp 1").load(noProblem).size, 1);
    // While the old file stands, the new one may be cut short.
    writeFileSync(join(folder, "owned.json"), JSON.stringify({ life: "exabgp 1", owned: [] }));
    writeFileSync(join(folder, "owned.json.new"), "{");
    assert.equal(new OwnedFile(folder, "exabgp 1").load(noProblem).size, 0);
  });

  it("that a crash left without its name outlives another crash while it is written", (t) => {
    const folder = temporaryFolder(t);
    new OwnedFile(folder, "exabgp 1").save(ROUTES);
    renameSync(join(folder, "owned.json"), join(folder, "owned.json.new"));
    new OwnedFile(folder, "exabgp 1").load(noProblem);
    writeFileSync(join(folder, "owned.json.new"), "{");
    assert.equal(new OwnedFile(folder, "exabgp 1").load(noProblem).size, 1);
  });

  it("need not exist", (t) => {
    assert.deepEqual([...new OwnedFile(temporaryFolder(t), "exabgp 1").load(noProblem)], []);
  });

  const broken = [
    "",
    "{",
    "null",
    '{"life":"exabgp 1","owned":[{"route":{"prefix":"192.0.2.0/24 next-hop self\\nshutdown"},"services":[]}]}',
    '{"life":"exabgp 1","owned":[7]}',
  ];
  for (const text of broken) {
    it(`is moved aside and reported when it holds ${JSON.stringify(text)}`, (t) => {
      const folder = temporaryFolder(t);
      writeFileSync(join(folder, "owned.json"), text);
      const problems: string[] = [];
      const owned = new OwnedFile(folder, "exabgp 1").load((detail) => problems.push(detail));
      assert.equal(owned.size, 0);
      assert.equal(problems.length, 1);
      assert.equal(readFileSync(join(folder, "owned.json.bad"), "utf8"), text);
      assert.ok(!existsSync(join(folder, "owned.json")));
    });
  }
});
