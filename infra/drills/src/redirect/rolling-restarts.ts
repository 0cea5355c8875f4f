// Two regions behind the gateway's nginx are stopped and started in turns under load: no client notices, and no scan
// that nginx sent to the other region because of it is counted twice.
import { until } from "@qrfactory/processes/until";
import { behindGateway } from "../behind-gateway.js";
import { assertNothingRefused, type Drill } from "../drill.js";

const restarts = 10;
const scansBetween = 200;

/** Two regions behind nginx restarted in turns. */
export const rollingRestarts: Drill = {
  name: "rolling-restarts",
  fault: `${restarts} rolling restarts behind nginx`,
  stack: { regions: 2 },
  load: { pauseMs: 5 },
  faultMs: 0,
  front: behindGateway,
  async run({ rig, load }) {
    for (let restart = 0; restart < restarts; restart++) {
      const region = rig.regions[restart % rig.regions.length];
      await region?.process.stop();
      await region?.start();
      const before = load.answered.size;
      await until(() => load.answered.size > before + scansBetween, { timeoutMs: 10_000 });
    }
    const { answered, refused, p99Ms } = await load.takePhase();
    assertNothingRefused(refused);
    return `${answered} scans, all 302, p99 ${p99Ms.toFixed(0)} ms`;
  },
};
