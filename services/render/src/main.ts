// The render service: read the configuration, put it together, serve it.

import { serve } from "@qrfactory/runtime/http/serve";
import { createLog } from "@qrfactory/runtime/log";
import { createMetrics } from "@qrfactory/runtime/metrics";
import { start } from "@qrfactory/runtime/process";
import { assembleRender } from "./assemble.js";
import { readRenderConfig } from "./config.js";

start(async () => {
  const config = readRenderConfig();
  const log = createLog({ service: "render", level: config.LOG_LEVEL });
  const metrics = createMetrics("render");
  const render = await assembleRender(config, log, metrics);

  await serve({ listener: render.app, config, log, metrics, stop: render.close });
});
