/** Families whose series are made when they are asked for: what is gone is not there. */
import { type Family, PART_SERIES_MAX } from "./exposition.ts";
import { Counter, Gauge } from "./prom-client.ts";

export type Row<Label extends string> = readonly [labels: Record<Label, string>, value: number];

/** @param rows Asked for little by little, while the event loop turns: they may not depend on what changes then. */
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

/** A family of one series without labels. */
export function gauge(name: string, help: string, value: number): Family {
  const metric = new Gauge({ name, help, registers: [] });
  metric.set(value);
  return [metric];
}

/** As `gauge`, for what only grows. */
export function counter(name: string, help: string, value: number): Family {
  const metric = new Counter({ name, help, registers: [] });
  metric.inc(value);
  return [metric];
}
