// Prometheus metrics of a process, served on a port of their own.
import { createServer, type Server } from "node:http";
import { collectDefaultMetrics, Registry } from "prom-client";
import { type Labels, makeDurations } from "./http/durations.js";

/** Registry of a process and its histogram of requests. */
export type Metrics = {
  registry: Registry;
  /** Records one answered request; `route` is the pattern, never the path, so that labels stay few. */
  observeRequest: (request: Labels & { seconds: number }) => void;
  /** The same for one set of labels, for paths on which it is to cost next to nothing. */
  requestObserver: (labels: Labels) => (seconds: number) => void;
};

/** Makes the metrics of a process, those of Node.js included, each labelled with the service. */
export function createMetrics(service: string): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  const { metric, observer } = makeDurations();
  registry.registerMetric(metric);
  return {
    registry,
    observeRequest: ({ seconds, ...labels }) => observer(labels)(seconds),
    requestObserver: observer,
  };
}

/** A server that answers `GET /metrics` in the Prometheus text format and nothing else. */
export function createMetricsServer(metrics: Metrics): Server {
  return createServer((req, res) => {
    if (req.url !== "/metrics") return void res.writeHead(404).end();
    metrics.registry.metrics().then(
      (text) => res.writeHead(200, { "content-type": metrics.registry.contentType }).end(text),
      () => res.writeHead(500).end(),
    );
  });
}
