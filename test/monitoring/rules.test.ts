/** The alert rules: what promtool thinks of them, that each is explained and tested, and that there are such metrics. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { createSite, ScriptedExabgp, webConfig } from "../daemon/scripted-exabgp.ts";
import { scrapeSocket } from "../daemon/scrape.ts";
import { promtool } from "../daemon/promtool.ts";

const FOLDER = fileURLToPath(new URL("../../../docs/monitoring", import.meta.url));
const RULES = join(FOLDER, "anyctl.rules.yml");
const TESTS = join(FOLDER, "anyctl.rules.test.yml");

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: Readonly<Record<string, string>>;
}

const { groups } = parse(readFileSync(RULES, "utf8")) as { groups: { rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const page = readFileSync(join(FOLDER, "README.md"), "utf8");

describe("the alert rules", () => {
  it("are valid, and do in their tests what they should", () => {
    promtool(["check", "rules", RULES]);
    promtool(["test", "rules", TESTS]);
  });

  it("each fire in a test", () => {
    const { tests } = parse(readFileSync(TESTS, "utf8")) as {
      tests: { alert_rule_test?: { alertname: string; exp_alerts: unknown[] }[] }[];
    };
    const fired = tests
      .flatMap((test) => test.alert_rule_test ?? [])
      .filter(({ exp_alerts: expected }) => expected.length > 0);
    const names = new Set(fired.map(({ alertname }) => alertname));
    assert.deepEqual(
      rules.map(({ alert }) => alert).filter((name) => !names.has(name)),
      [],
    );
  });

  it("are each explained on the page, and no others", () => {
    const headings = [...page.matchAll(/^### (?<name>Anyctl\w+)$/gm)];
    assert.deepEqual(
      headings.map(({ groups: found }) => found?.["name"] ?? "").toSorted(),
      rules.map(({ alert }) => alert).toSorted(),
    );
  });

  it("say how urgent they are, and what is wrong", () => {
    for (const { alert, labels, annotations } of rules) {
      assert.match(labels.severity, /^(?:critical|warning|info)$/, alert);
      assert.deepEqual(Object.keys(annotations), ["summary", "description"], alert);
    }
  });
});

it("rules and page name metrics that a running agent has, and the page names all of them", async (t) => {
  const site = await createSite(t);
  site.writeConfig(webConfig(site.port));
  const exabgp = new ScriptedExabgp(site);
  await exabgp.waitForCommands(1);
  const text = await scrapeSocket(site);
  const told = new Set(
    [...text.matchAll(/^# TYPE (?<name>\S+) /gm)].map((m) => m.groups?.["name"] ?? ""),
  );
  assert.ok(told.size > 20);
  const named = (from: string) =>
    new Set([...from.matchAll(/\b(?:anyctl|process)_[a-z_]+/g)].map(([name]) => name));
  const inRules = named(rules.map(({ expr }) => expr).join("\n"));
  assert.ok(inRules.size > 10);
  assert.deepEqual(
    [...inRules].filter((name) => !told.has(name)),
    [],
  );
  assert.deepEqual([...named(page)].toSorted(), [...told].toSorted());
});
