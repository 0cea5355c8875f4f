// The render service: read the configuration, put it together, serve it.
import { createLog } from "@qrfactory/runtime/log";
import { createMetrics, createMetricsServer } from "@qrfactory/runtime/metrics";
import { start } from "@qrfactory/runtime/process";
import { createHttpServer, drain, listen, runUntilSignal } from "@qrfactory/runtime/serve";
import { assembleRender } from "./assemble.js";
import { readRenderConfig } from "./config.js";

start(async () => {
  const config = readRenderConfig();
  const log = createLog({ service: "render", level: config.LOG_LEVEL });
  const metrics = createMetrics("render");
  const render = await assembleRender(config, log, metrics);

  const server = createHttpServer(render.app);
  const metricsServer = createMetricsServer(metrics);
  await listen(metricsServer, { host: config.HOST, port: config.METRICS_PORT });
  const port = await listen(server, { host: config.HOST, port: config.PORT });
  log.info({ port }, "listening");

  runUntilSignal({
    log,
    stop: async () => {
      await drain(server);
      await render.close();
      metricsServer.close();
    },
  });
});
