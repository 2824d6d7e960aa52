import { Counter, Gauge, Registry } from "prom-client";
import { METRICS, type MetricName, type Sample } from "./metrics";

/** The media type of what `exposition` returns. */
export const CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

/**
 * Samples in Prometheus' text format. A metric with labels has a series only for what there is: nothing is written for a
 * proposal that ended, so that no rule can fire for it.
 */
export async function exposition(samples: readonly Sample[]): Promise<string> {
  const register = new Registry();
  for (const [name, { kind, labels, help }] of Object.entries(METRICS)) {
    const options = { name, help, labelNames: [...labels], registers: [register] };
    const mine = samples.filter((sample) => sample.name === (name as MetricName));
    if (kind === "counter") {
      const counter = new Counter(options);
      for (const sample of mine) counter.inc(sample.labels, sample.value);
    } else {
      const gauge = new Gauge(options);
      for (const sample of mine) gauge.set(sample.labels, sample.value);
    }
  }
  return register.metrics();
}
