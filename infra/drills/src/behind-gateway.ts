// The gateway's nginx in front of a rig's regions, for drills about the failure of one of them.
import { join } from "node:path";
import { startGateway } from "@qrfactory/local/gateway/gateway";
import { freePort } from "@qrfactory/processes/ports";
import { until } from "@qrfactory/processes/until";
import type { Rig } from "./rig.js";

/** Nobody listens here: this gateway is asked for scans alone. */
const nobody = "127.0.0.1:9";

/** Starts the gateway and returns its address, once it answers a scan. */
export async function behindGateway(rig: Rig): Promise<string[]> {
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
  const scan = () => fetch(`http://${listen}/q/${rig.shortIds[0]}`, { method: "HEAD", redirect: "manual" });
  await until(async () => (await scan()).status === 302, { what: "The gateway" });
  return [`http://${listen}`];
}
