// A histogram of request durations in the exposition format of Prometheus that costs a scan of a few numbers for each
// observation: prom-client's own hashes its labels every time, which takes longer than a redirect.
import type { Metric } from "prom-client";

/** Upper bounds in seconds: from a 302 out of memory to the longest request that is allowed. */
const bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

const name = "http_request_duration_seconds";
const help = "Time from the request's headers to the end of its response";

/** Labels of a duration; `route` is the pattern of the path. */
export type Labels = { method: string; route: string; status: number };

type Series = { labels: Labels; counts: Float64Array; sum: number };

/** Histogram of request durations. */
export type Durations = {
  /** A function that records the seconds of one request; made once for each set of labels. */
  observer: (labels: Labels) => (seconds: number) => void;
  /** For `Registry.registerMetric`. */
  metric: Metric;
};

/** The histogram `http_request_duration_seconds`. */
export function makeDurations(): Durations {
  const all = new Map<string, Series>();

  function seriesOf(labels: Labels): Series {
    const key = `${labels.method} ${labels.status} ${labels.route}`;
    const known = all.get(key);
    if (known) return known;
    // One more for what is above the last bound.
    const series = { labels, counts: new Float64Array(bounds.length + 1), sum: 0 };
    all.set(key, series);
    return series;
  }

  const metric = {
    name,
    help,
    type: "histogram",
    aggregator: "sum",
    async get() {
      return { name, help, type: "histogram", aggregator: "sum", values: [...all.values()].flatMap(valuesOf) };
    },
    reset: () => all.clear(),
  };
  return {
    observer(labels) {
      const series = seriesOf(labels);
      return (seconds) => {
        let at = 0;
        while (at < bounds.length && seconds > (bounds[at] as number)) at += 1;
        series.counts[at] = (series.counts[at] as number) + 1;
        series.sum += seconds;
      };
    },
    // prom-client asks a registered metric for no more than this.
    metric: metric as unknown as Metric,
  };
}

/** The lines of one set of labels: buckets count everything up to their bound. */
function valuesOf({ labels, counts, sum }: Series) {
  let total = 0;
  const buckets = [...counts].map((count, at) => {
    total += count;
    return { metricName: `${name}_bucket`, labels: { ...labels, le: String(bounds[at] ?? "+Inf") }, value: total };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: total },
  ];
}
