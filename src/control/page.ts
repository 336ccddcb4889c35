/** The status as a page for a browser: no script, nothing from elsewhere, read-only. */
import type { CheckStatus, ServiceStatus } from "../core/status.ts";
import { html, type Html } from "./html.ts";
import type { Status } from "./protocol.ts";

/** Seconds after which the browser asks again. */
const REFRESH_S = 5;

/** Rows of a table: making 200 takes the agent about a millisecond, and `/status` has them all. */
export const ROWS_MAX = 200;

/** Of an operator's reason, or what a probe saw. */
const TEXT_MAX = 300;

const STYLE = html`:root{color-scheme:light dark}body{font:14px/1.5 system-ui,sans-serif;margin:2em
auto;max-width:75em;padding:0 1em} h1{font-size:1.4em}h2{font-size:1.1em;margin:1.5em 0
.3em}table{border-collapse:collapse;width:100%}
th{text-align:left;font-weight:600}th,td{padding:.2em 1em .2em 0;border-bottom:1px solid
#8884;vertical-align:top;overflow-wrap:anywhere}
.good{color:#17803d}.bad{color:#d3222a;font-weight:600}.odd{color:#a86500;font-weight:600}small{opacity:.7}`;

/** May be shown by a browser and do nothing else: no scripts, no frames, no requests. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy":
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  "referrer-policy": "no-referrer",
};

const GOOD = new Set(["up", "ready", "pass"]);
const BAD = new Set(["down", "fail", "closed"]);

/** How many there are of what a page cannot show all of. */
export interface Totals {
  readonly services: number;
  readonly checks: number;
}

/** @param totals When `status` has only as many services as the page shows, `ROWS_MAX`. */
export function statusPage(status: Status, totals?: Totals): string {
  const { pop, agent, exabgp, config, services, sessions, drains, pins, problems } = status;
  const checks = services.flatMap((service) => service.checks.map((check) => ({ service, check })));
  const { text } = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <meta http-equiv="refresh" content="${REFRESH_S}" />
        <title>${pop} - anyctl</title>
        <style>
          ${STYLE}
        </style>
      </head>
      <body>
        <h1>${pop}</h1>
        <p>
          anyctl ${agent.version} since ${agent.since}, ExaBGP
          ${exabgp.version ?? "of unknown version"} ${word(exabgp.phase)}, configuration
          ${config.hash.slice(0, 12)}
          (${config.origin}${config.current ? "" : ", the file as it was last read is not in force"})
        </p>
        ${table(
          "Problems",
          ["Since", "Problem", "Detail"],
          problems,
          ({ since, word: name, detail }) => [
            since,
            html`<span class="bad">${name}</span>`,
            cut(detail),
          ],
        )}
        ${table("Services", ["Service", "State", "Reason", "Since", "Prefixes"], services, serviceCells, totals?.services)}
        ${table("Drains", ["Service", "Kind", "By", "Until", "Reason"], drains, (drain) => [
          drain.service,
          drain.kind,
          drain.by,
          drain.until ?? "-",
          cut(drain.reason),
        ])}
        ${table("Pins", ["Service", "By", "Until", "Reason"], pins, (pin) => [
          pin.service,
          pin.by,
          pin.until,
          cut(pin.reason),
        ])}
        ${table(
          "Sessions",
          ["Neighbor", "State", "Reason"],
          sessions,
          ({ neighbor, state, reason }) => [neighbor, word(state), cut(reason)],
        )}
        ${table("Checks", ["Check", "Type", "Verdict", "Since", "Streak", "Last", "Took", "Detail"], checks, checkCells, totals?.checks)}
        <p>
          <small><a href="/status">status as JSON</a>, <a href="/metrics">metrics</a></small>
        </p>
      </body>
    </html> `;
  return text;
}

type Cell = string | Html;

/** Nothing at all when there is no row. */
function table<T>(
  title: string,
  heads: readonly string[],
  rows: readonly T[],
  cells: (row: T) => readonly Cell[],
  total = rows.length,
): Html {
  if (rows.length === 0) return html``;
  const more = total - Math.min(rows.length, ROWS_MAX);
  return html`<h2>${title}</h2>
    <table>
      <tr>
        ${heads.map((head) => html`<th>${head}</th>`)}
      </tr>
      ${rows.slice(0, ROWS_MAX).map(
        (row) =>
          html`<tr>
            ${cells(row).map((cell) => html`<td>${cell}</td>`)}
          </tr> `,
      )}
    </table>
    ${more > 0 ? html`<p>and ${more} more</p>` : html``}`;
}

function serviceCells({ name, state, reason, since, routes }: ServiceStatus): Cell[] {
  const shown = routes.slice(0, ROWS_MAX).map(({ prefix, told }) => {
    return html`<span class="${told === "announced" ? "good" : "plain"}">${prefix}</span> `;
  });
  return [name, word(state), reason, since, html`${shown}`];
}

function checkCells({
  service,
  check,
}: {
  readonly service: ServiceStatus;
  readonly check: CheckStatus;
}): Cell[] {
  const { name, type, advisory, verdict, since, streak, last } = check;
  return [
    `${service.name}/${name}`,
    advisory ? `${type}, advisory` : type,
    word(verdict),
    since,
    streak === "" ? "-" : streak,
    last === undefined ? "-" : word(last.outcome),
    last === undefined ? "-" : `${last.elapsedMs} ms`,
    last === undefined ? "-" : cut(`${last.reason} ${last.detail}`),
  ];
}

function word(text: string): Html {
  const kind = GOOD.has(text) ? "good" : BAD.has(text) ? "bad" : "odd";
  return html`<span class="${kind}">${text}</span>`;
}

function cut(text: string): string {
  return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}...` : text;
}
