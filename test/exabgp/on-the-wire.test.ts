/** What a router hears of the commands that the agent may write: the same from every ExaBGP so far. Needs root. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { waitUntil } from "../lab/wait.ts";
import { createWireLab } from "./wire-lab.ts";

const PREFIX = "192.0.2.0/24";
/** The type code of MULTI_EXIT_DISC (RFC 4271 5.1.4). */
const MED = 4;

const announce = (med: number): string => `announce route ${PREFIX} next-hop self med ${med}\n`;
const withdraw = (med: number): string => `withdraw route ${PREFIX} next-hop self med ${med}\n`;

/** `text` is one write; `wire` is what the router was sent because of it, announcements by their MED. */
const steps: { name: string; text: string; wire: readonly (number | "withdrawn")[] }[] = [
  { name: "an announcement", text: announce(1), wire: [1] },
  { name: "the same again", text: announce(1), wire: [] },
  { name: "another attribute replaces it", text: announce(2), wire: [2] },
  { name: "a withdrawal", text: withdraw(2), wire: ["withdrawn"] },
  { name: "a withdrawal again", text: withdraw(2), wire: ["withdrawn"] },
  { name: "and without attributes", text: `withdraw route ${PREFIX}\n`, wire: ["withdrawn"] },
  {
    // So there are never two changes of one prefix on their way.
    name: "100, 200 and 100 in one write leave 200",
    text: announce(100) + announce(200) + announce(100),
    wire: [100, 200],
  },
  { name: "a withdrawal of what ExaBGP believes in", text: withdraw(100), wire: ["withdrawn"] },
  {
    name: "an announcement, withdrawn and announced with the same attributes",
    text: announce(100) + withdraw(100) + announce(100),
    wire: [100],
  },
  {
    name: "a withdrawal, announced and withdrawn with the same attributes",
    text: withdraw(100) + announce(100) + withdraw(100),
    wire: ["withdrawn"],
  },
  {
    // So a withdrawal has the attributes that were announced last.
    name: "an announcement, withdrawn without attributes and announced",
    text: `${announce(100)}withdraw route ${PREFIX}\n${announce(100)}`,
    wire: [100, "withdrawn"],
  },
];

test("changes in one write are sent once for each set of attributes", async (context) => {
  const { child, transit } = await createWireLab(context);
  let from = 0;
  for (const [index, { name, text, wire }] of steps.entries()) {
    child.send(text);
    // Sent behind everything before it.
    const mark = `198.18.${index}.0/24`;
    await answers(text.split("\n").length - 1);
    child.send(`announce route ${mark} next-hop self med ${1000 + index}\n`);
    await answers(1);
    const heard = await waitUntil(`what follows "${name}"`, () => {
      const updates = transit.wireUpdates();
      return updates.some(({ prefix }) => prefix === mark) ? updates : undefined;
    });
    const own = heard.slice(from).filter(({ prefix }) => prefix === PREFIX);
    from = heard.length;
    const seen = own.map(({ kind, attributes }) =>
      kind === "withdrawn" ? kind : parseInt(attributes.get(MED) ?? "", 16),
    );
    assert.deepEqual(seen, wire, name);
  }

  /** Takes so many answers; between them are events of sessions and UPDATEs. */
  async function answers(count: number): Promise<void> {
    for (let left = count; left > 0;) {
      const line = await child.line();
      if (line.startsWith("{")) continue;
      assert.equal(line, "done");
      left -= 1;
    }
  }
});
