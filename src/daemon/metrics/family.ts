/** Families whose series are made when they are asked for: what is gone is not there. */
import { type Family, PART_SERIES_MAX } from "./exposition.ts";
import type * as promClient from "prom-client";
import { Counter, Gauge } from "./prom-client.ts";

export type Row<Label extends string> = readonly [
  labels: Readonly<Record<Label, string>>,
  value: number,
];

/** The rows are asked for little by little, while the event loop turns: they may not depend on what changes. */
export function gauges<Label extends string>(
  name: string,
  help: string,
  labelNames: readonly Label[],
  rows: Iterable<Row<Label>>,
): Family {
  const metric = new Gauge<Label>({ name, help, labelNames, registers: [] });
  return inParts(metric, rows, (labels, value) => metric.set(labels, value));
}

/** As `gauges`, for what only grows. */
export function counters<Label extends string>(
  name: string,
  help: string,
  labelNames: readonly Label[],
  rows: Iterable<Row<Label>>,
): Family {
  const metric = new Counter<Label>({ name, help, labelNames, registers: [] });
  return inParts(metric, rows, (labels, value) => metric.inc(labels, value));
}

/** One metric, filled and emptied again and again. */
function* inParts<Label extends string>(
  metric: promClient.Gauge<Label> | promClient.Counter<Label>,
  rows: Iterable<Row<Label>>,
  put: (...row: Row<Label>) => void,
): Family {
  let series = 0;
  for (const row of rows) {
    put(...row);
    series += 1;
    if (series < PART_SERIES_MAX) continue;
    yield metric;
    metric.reset();
    series = 0;
  }
  // Also without a series: that there is such a metric is worth two lines.
  yield metric;
}

/** A family of one series without labels. */
export function gauge(name: string, help: string, value: number): Family {
  return gauges(name, help, [], [[{}, value]]);
}

/** As `gauge`, for what only grows. */
export function counter(name: string, help: string, value: number): Family {
  return counters(name, help, [], [[{}, value]]);
}
