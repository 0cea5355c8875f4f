// Prometheus metrics of a process, served on a port of their own.
import { createServer, type Server } from "node:http";
import { collectDefaultMetrics, Histogram, Registry } from "prom-client";

/** Seconds; from a cached 302 to the longest request that is allowed. */
const durationBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export type Metrics = {
  registry: Registry;
  /** Records one answered request; `route` is the pattern, never the path, so that labels stay few. */
  observeRequest: (request: { method: string; route: string; status: number; seconds: number }) => void;
};

export function createMetrics(service: string): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  const durations = new Histogram({
    name: "http_request_duration_seconds",
    help: "Time from the request's headers to the end of its response",
    labelNames: ["method", "route", "status"] as const,
    buckets: durationBuckets,
    registers: [registry],
  });
  return {
    registry,
    observeRequest: ({ method, route, status, seconds }) => durations.observe({ method, route, status }, seconds),
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
