// The management API: read the configuration, put it together, serve it.

import { serve } from "@qrfactory/runtime/http/serve";
import { createLog } from "@qrfactory/runtime/log";
import { createMetrics } from "@qrfactory/runtime/metrics";
import { start } from "@qrfactory/runtime/process";
import { assembleManagement } from "../assemble.js";
import { readManagementConfig } from "../config.js";

start(async () => {
  const config = readManagementConfig();
  const log = createLog({ service: "management", level: config.LOG_LEVEL });
  const metrics = createMetrics("management");
  const management = await assembleManagement(config, log, metrics);

  await serve({ listener: management.app, config, log, metrics, stop: management.close });
});
