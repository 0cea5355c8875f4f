// Two regions behind the gateway's nginx are stopped and started in turns under load: no client notices, and no scan that
// nginx sent to the other region because of it is counted twice.
import { join } from "node:path";
import { startGateway } from "@qrfactory/local/gateway";
import { freePort } from "@qrfactory/testing/ports";
import { until } from "@qrfactory/testing/until";
import { assertNothingRefused, type Drill } from "./drill.js";

const restarts = 10;
const scansBetween = 200;

/** Nobody listens here: this gateway is asked for scans alone. */
const nobody = "127.0.0.1:9";

export const rollingRestarts: Drill = {
  name: "rolling-restarts",
  fault: `${restarts} rolling restarts behind nginx`,
  stack: { regions: 2 },
  load: { pauseMs: 5 },
  faultMs: 0,
  async front(rig) {
    const listen = `127.0.0.1:${await freePort()}`;
    const folder = join(rig.directory, "gateway");
    const redirects = rig.regions.map(({ url }) => new URL(url).host);
    const gateway = await startGateway({
      folder,
      logFile: join(rig.directory, "gateway.log"),
      env: { PATH: process.env.PATH },
      targets: { listen, management: nobody, worker: nobody, render: nobody, redirects },
    });
    rig.onClose(() => gateway.stop());
    const health = () => fetch(`http://${listen}/q/${rig.shortIds[0]}`, { method: "HEAD", redirect: "manual" });
    await until(async () => (await health()).status === 302, { what: "The gateway" });
    return [`http://${listen}`];
  },
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
