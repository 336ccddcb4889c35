import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ExabgpConfError } from "../../src/exabgp-conf/conf-error.ts";
import { readExabgpConf } from "../../src/exabgp-conf/conf.ts";
import { statementsOf } from "../../src/exabgp-conf/statements.ts";
import { TEXT_MAX_CHARS } from "../../src/exabgp-conf/words.ts";
import { exabgpConfig } from "../lab/template.ts";

const SHORT = `process anyctl { run /usr/bin/anyctl agent --config /etc/anyctl/anyctl.yaml; encoder json; }
neighbor 198.51.100.1 { router-id 198.51.100.2; local-address 198.51.100.2; local-as 64496; peer-as 64515; hold-time 30;
  family { ipv4 unicast; ipv6 unicast; }
  api { processes [ anyctl ]; neighbor-changes; send { parsed; update; } } }
`;

const VALUES = {
  ANYCTL: "/usr/bin/anyctl",
  CONFIG: "/etc/anyctl/anyctl.yaml",
  ROUTER_ID: "198.51.100.2",
  LOCAL_AS: "64496",
  PEER_AS: "64515",
  LOCAL_IPV4: "198.51.100.2",
  PEER_IPV4: "198.51.100.1",
  LOCAL_IPV6: "2001:db8::2",
  PEER_IPV6: "2001:db8::1",
};

describe("exabgp.conf", () => {
  it("is read as it is written, with lines", () => {
    const { processes, neighbors } = readExabgpConf(SHORT);
    assert.deepEqual(processes, [
      {
        name: "anyctl",
        line: 1,
        run: {
          line: 1,
          argv: ["/usr/bin/anyctl", "agent", "--config", "/etc/anyctl/anyctl.yaml"],
          hasQuotes: false,
        },
        encoder: { value: "json", line: 1 },
        respawns: true,
      },
    ]);
    const [neighbor] = neighbors;
    assert.equal(neighbors.length, 1);
    assert.equal(neighbor?.address, "198.51.100.1");
    assert.equal(neighbor.line, 2);
    assert.deepEqual(neighbor.settings.get("hold-time"), { value: "30", line: 2 });
    assert.deepEqual(neighbor.families, ["ipv4 unicast", "ipv6 unicast"]);
    assert.deepEqual(neighbor.apis, [
      { line: 4, processes: ["anyctl"], tellsSessions: true, tellsUpdates: true },
    ]);
    assert.deepEqual(neighbor.routes, []);
  });

  it("is our template, too", () => {
    const { processes, neighbors } = readExabgpConf(exabgpConfig(VALUES, ["ipv4", "ipv6"]));
    assert.deepEqual(
      processes.map(({ name }) => name),
      ["anyctl"],
    );
    assert.deepEqual(
      neighbors.map(({ address, families, apis }) => [address, families, apis[0]?.tellsUpdates]),
      [
        ["198.51.100.1", ["ipv4 unicast"], true],
        ["2001:db8::1", ["ipv6 unicast"], true],
      ],
    );
  });

  it("takes what a template says before what the neighbor says, as ExaBGP does, and adds blocks", () => {
    const { neighbors } = readExabgpConf(`template { neighbor transit {
        hold-time 180;
        family { ipv4 unicast; }
        api { processes [ anyctl, other ]; }
      } }
      neighbor 192.0.2.1 { inherit transit; hold-time 30; capability { graceful-restart 60; } }
      neighbor 192.0.2.2 { inherit [ transit nothing ]; static { route 10.0.0.0/8 next-hop self; } }`);
    const [first, second] = neighbors;
    assert.deepEqual(first?.settings.get("hold-time"), { value: "180", line: 2 });
    assert.deepEqual(first.capabilities.get("graceful-restart"), { value: "60", line: 6 });
    assert.deepEqual(second?.families, ["ipv4 unicast"]);
    assert.deepEqual(second.apis[0]?.processes, ["anyctl", "other"]);
    assert.deepEqual(second.routes, [{ prefix: "10.0.0.0/8", line: 7 }]);
  });

  it("finds routes in every form in which ExaBGP takes them", () => {
    const [neighbor] = readExabgpConf(`neighbor 192.0.2.1 {
      static {
        route 10.0.0.0/8 next-hop self;
        route 11.0.0.0/8 { next-hop self; }
        attributes next-hop self nlri 12.0.0.0/8 13.0.0.0/8;
      }
      announce { ipv4 { unicast 14.0.0.0/8 next-hop self; } ipv6 { unicast 2001:db8::/32 next-hop self; } }
      flow { route { match { source 15.0.0.0/8; } then { discard; } } }
    }`).neighbors;
    assert.deepEqual(
      neighbor?.routes.map(({ prefix, line }) => `${line} ${prefix}`),
      [
        "3 10.0.0.0/8",
        "4 11.0.0.0/8",
        "5 12.0.0.0/8",
        "5 13.0.0.0/8",
        "7 14.0.0.0/8",
        "7 2001:db8::/32",
      ],
    );
  });

  it("knows comments, quotes and escapes", () => {
    const [neighbor] = readExabgpConf(
      `neighbor 192.0.2.1 { # not } this
        description "a ; { # \\" b"; md5-password 'x y'; passive disable; hold-time 9; # }
        host-name a\\
        ; }`,
    ).neighbors;
    assert.equal(neighbor?.settings.get("description")?.value, 'a ; { # " b');
    assert.equal(neighbor.settings.get("md5-password")?.value, "x y");
    assert.equal(neighbor.settings.get("hold-time")?.line, 2);
  });

  const broken = [
    {
      name: "an open block",
      text: "\nneighbor x {\n hold-time 9;\n",
      line: 2,
      says: /without its "}"/,
    },
    { name: "a bracket too many", text: "process a { }\n}", line: 2, says: /"}" too many/ },
    { name: "a block without a name", text: "\n\n{ }", line: 3, says: /without a name/ },
    { name: "no semicolon", text: "process a {\n run /x\n}", line: 2, says: /no ";" or "{" ends/ },
    { name: "an open quote", text: "a 'b\n;", line: 1, says: /quote/ },
    { name: "binary", text: "neighbor\n\0x;", line: 2, says: /no text/ },
    { name: "what is not UTF-8", text: "neighbor \ufffd;", line: 1, says: /no text/ },
    { name: "deep nesting", text: "a {".repeat(100_000), line: 1, says: /deeper/ },
    { name: "too much", text: " ".repeat(TEXT_MAX_CHARS + 1), line: 1, says: /more than/ },
  ];
  for (const { name, text, line, says } of broken) {
    it(`refuses ${name}, and says where`, () => {
      assert.throws(
        () => readExabgpConf(text),
        (error) =>
          error instanceof ExabgpConfError && error.line === line && says.test(error.message),
      );
    });
  }

  it("is read in a moment, however it is made", () => {
    const [mib, startMs] = [1024 * 1024, performance.now()];
    for (const piece of ["a ", ";", "'", "\\", "a;", "[", "#", "a{}", "inherit a;", '"\\']) {
      try {
        readExabgpConf(piece.repeat(mib / piece.length));
      } catch (error) {
        assert.ok(error instanceof ExabgpConfError, String(error));
      }
    }
    assert.ok(performance.now() - startMs < 60_000);
  });

  it("is refused in no other way, whatever it is", () => {
    const pieces = fc.constantFrom(
      "{",
      "}",
      ";",
      "#",
      "'",
      '"',
      "[",
      "]",
      "\\",
      " ",
      "\n",
      "\t",
      "x",
      "neighbor",
      "inherit",
      "template",
      "\u0000",
      "é",
    );
    let [read, refused] = [0, 0];
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 60 }), (parts) => {
        try {
          readExabgpConf(parts.join(""));
          read += 1;
        } catch (error) {
          assert.ok(error instanceof ExabgpConfError);
          assert.match(error.message, /^[\x20-\x7e]+$/);
          refused += 1;
        }
      }),
      { numRuns: 2000 },
    );
    assert.ok(read > 20 && refused > 20, `${read} read, ${refused} refused`);
  });

  it("gives back each statement that was written", () => {
    const word = fc.stringMatching(/^[a-z0-9./:*-]{1,12}$/);
    const quoted = word.map((text) => `"${text} ;{}#"`);
    type Tree = { words: string[]; block?: Tree[] };
    const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
      tree: fc.record(
        {
          words: fc
            .tuple(word, fc.array(fc.oneof(word, quoted), { maxLength: 3 }))
            .map(([name, rest]) => [name, ...rest]),
          block: fc.option(fc.array(tie("tree"), { maxLength: 3 }), {
            nil: undefined,
            maxDepth: 5,
          }) as fc.Arbitrary<Tree[]>,
        },
        { requiredKeys: ["words"] },
      ),
    }));
    const write = ({ words, block }: Tree): string =>
      `${words.join("\t")} ${block === undefined ? ";" : `{ # }{;'"\n${block.map(write).join("")}}`}\n`;
    const plain = (statements: ReturnType<typeof statementsOf>): Tree[] =>
      statements.map(({ name, words, block }) => ({
        words: [name, ...words.map(({ text, isQuoted }) => (isQuoted ? `"${text}"` : text))],
        ...(block !== undefined && { block: plain(block) }),
      }));
    const bare = ({ words, block }: Tree): Tree => ({
      words,
      ...(block !== undefined && { block: block.map(bare) }),
    });
    fc.assert(
      fc.property(fc.array(tree, { maxLength: 4 }), (trees) => {
        assert.deepEqual(plain(statementsOf(trees.map(write).join(""))), trees.map(bare));
      }),
    );
  });
});
