/** exabgp.conf and exabgp.env, as `doctor` and `init` read them. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { ExabgpConfError } from "../../../src/exabgp-conf/conf-error.ts";
import { readExabgpConf } from "../../../src/exabgp-conf/conf.ts";
import { readExabgpEnv } from "../../../src/exabgp-conf/env.ts";
import { TEXT_MAX_CHARS } from "../../../src/exabgp-conf/words.ts";
import { ROOT } from "../../config/fixtures.ts";
import { target } from "../target.ts";
import { babble, mutated, nasty } from "../texts.ts";

const WORDS =
  "{|}|;|;\n|{\n|}\n|#|'|\"|[|]|\\|\\\n|,|(|)| | |\n|\t|process anyctl|run /usr/bin/anyctl agent|encoder json|respawn false|neighbor 192.0.2.1|neighbor |template|inherit t|local-as 64496|hold-time 30|family|ipv4 unicast|api|processes [ anyctl ]|send|parsed|neighbor-changes|static|route 192.0.2.0/24 next-hop self|announce|attributes med 1 nlri 10.0.0.0/8|\\u0041|\\u00|\n[exabgp.|\n[exabgp.api]\n|api|ack = true\n|ack: |xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx".split(
    "|",
  );

export const EXABGP_CONF = target(
  "exabgp-conf",
  "any text is a configuration of ExaBGP or refused with a line; nothing hangs",
  () => {
    const files = ["exabgp.conf", "split/exabgp.conf", "exabgp.env"].map((name) =>
      readFileSync(`${ROOT}exabgp/templates/${name}`, "utf8"),
    );
    const reached = { read: 0, neighbors: 0, refused: 0, settings: 0 };
    const pieces = fc.oneof(fc.constantFrom(...WORDS), nasty);
    return {
      reached,
      input: fc.oneof(
        { weight: 20, arbitrary: babble(WORDS) },
        { weight: 20, arbitrary: mutated(fc.constantFrom(...files), pieces) },
        {
          weight: 1,
          arbitrary: fc
            .tuple(pieces, fc.constantFrom(1000, 100_000))
            .map(([piece, count]) =>
              piece.repeat(Math.min(count, TEXT_MAX_CHARS / 4 / (piece.length + 1))),
            ),
        },
      ),
      attempt(text) {
        const env = readExabgpEnv(text, { "exabgp.api.ack": text, exabgp_api_ack: "x" });
        if (env.size > 2) reached.settings += 1;
        const lineCount = text.split("\n").length;
        const isLine = (line: number) =>
          assert.ok(line >= 1 && line <= lineCount, `line ${line} of ${lineCount}`);
        try {
          const { processes, neighbors } = readExabgpConf(text);
          reached.read += 1;
          for (const { line } of processes) isLine(line);
          if (neighbors.length > 0) reached.neighbors += 1;
          for (const { line, routes, settings } of neighbors) {
            isLine(line);
            for (const route of routes) isLine(route.line);
            for (const setting of settings.values()) isLine(setting.line);
          }
        } catch (error) {
          assert.ok(error instanceof ExabgpConfError, String(error));
          assert.match(error.message, /^[\x20-\x7e]+$/);
          isLine(error.line);
          reached.refused += 1;
        }
      },
    };
  },
);
