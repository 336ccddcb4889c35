/** Families whose series are made when they are asked for: what is gone is not there. */
import { type Family, PART_SERIES_MAX } from "./exposition.ts";
import { Counter, Gauge } from "./prom-client.ts";

export type Row<Label extends string> = readonly [
  labels: Readonly<Record<Label, string>>,
  value: number,
];

/** The rows of both are asked for little by little, while the event loop turns: they may not depend on what changes. */
export function* gauges<Label extends string>(
  name: string,
  help: string,
  labelNames: readonly Label[],
  rows: Iterable<Row<Label>>,
): Family {
  const metric = new Gauge<Label>({ name, help, labelNames, registers: [] });
  let series = 0;
  for (const [labels, value] of rows) {
    metric.set(labels, value);
    series += 1;
    if (series < PART_SERIES_MAX) continue;
    yield metric;
    metric.reset();
    series = 0;
  }
  // Also without a series: that there is such a metric is worth two lines.
  yield metric;
}

export function* counters<Label extends string>(
  name: string,
  help: string,
  labelNames: readonly Label[],
  rows: Iterable<Row<Label>>,
): Family {
  const metric = new Counter<Label>({ name, help, labelNames, registers: [] });
  let series = 0;
  for (const [labels, value] of rows) {
    metric.inc(labels, value);
    series += 1;
    if (series < PART_SERIES_MAX) continue;
    yield metric;
    metric.reset();
    series = 0;
  }
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
