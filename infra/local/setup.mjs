// From a fresh clone to something that can run: system programs, packages, generated client, compiled code. Each step
// does nothing when its result is there, so a second run takes a fraction of a second. Relies on node's built-ins only.
import { createHash } from "node:crypto";
import { createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { SetupError, say } from "./progress.mjs";
import { installSystemParts } from "./setup-system.mjs";
import { compile, generateDatabaseClient, installPackages, root } from "./setup-workspace.mjs";

/** As in package.json: older versions lack what the services use. */
const nodeVersionMin = [20, 19];

/** How often a second set-up looks whether the first is done. */
const lockPauseMs = 200;

/**
 * Makes everything ready. `systemParts` are those of setup-system.mjs; `build: false` stops before compiling.
 */
export async function setUp({ systemParts = [], build = true } = {}) {
  checkNode();
  const release = await waitForTurn();
  try {
    // Packages cannot be installed without what node-canvas is compiled against, whatever is run afterwards.
    await installSystemParts([...systemParts, "drawing"]);
    await installPackages();
    await generateDatabaseClient();
    if (build) await compile();
  } finally {
    release();
  }
}

function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  const [majorMin, minorMin] = nodeVersionMin;
  if (major > majorMin || (major === majorMin && minor >= minorMin)) return;
  throw new SetupError(
    `This is Node.js ${process.versions.node}; QRFactory needs ${nodeVersionMin.join(".")} or later. ` +
      "See https://nodejs.org.",
  );
}

/** Two set-ups of one checkout at once would tread on each other: the second waits. Returns what ends the turn. */
async function waitForTurn() {
  // A Linux abstract socket vanishes with its process, so a killed set-up blocks nobody.
  if (process.platform !== "linux") return () => {};
  const name = `\0qrfactory-setup-${createHash("sha256").update(root).digest("hex")}`;
  for (let attempt = 0; ; attempt++) {
    const lock = createServer();
    const mine = await new Promise((resolve) => {
      lock.once("error", () => resolve(false));
      lock.listen(name, () => resolve(true));
    });
    if (mine) return () => lock.close();
    if (attempt === 0) say("Waiting for another set-up of this folder to finish");
    await pause(lockPauseMs);
  }
}
