// The management API: read the configuration, put it together, serve it.
import { createLog } from "@qrfactory/runtime/log";
import { createMetrics, createMetricsServer } from "@qrfactory/runtime/metrics";
import { start } from "@qrfactory/runtime/process";
import { createHttpServer, drain, listen, runUntilSignal } from "@qrfactory/runtime/serve";
import { assembleManagement } from "./assemble.js";
import { readManagementConfig } from "./config.js";

start(async () => {
  const config = readManagementConfig();
  const log = createLog({ service: "management", level: config.LOG_LEVEL });
  const metrics = createMetrics("management");
  const management = await assembleManagement(config, log, metrics);

  const server = createHttpServer(management.app);
  const metricsServer = createMetricsServer(metrics);
  await listen(metricsServer, { host: config.HOST, port: config.METRICS_PORT });
  const port = await listen(server, { host: config.HOST, port: config.PORT });
  log.info({ port }, "listening");

  runUntilSignal({
    log,
    stop: async () => {
      await drain(server);
      await management.close();
      metricsServer.close();
    },
  });
});
