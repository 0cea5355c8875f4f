// A real browser, for what runs in one: the system's Chromium without a window, driven by playwright-core, which ships
// none of its own. It speaks to nobody but the pages that it is told to open.
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";

/** As distributions call it. */
const programs = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/** Tests run as root in containers, where Chromium's own sandbox cannot; nothing but our pages is opened. */
const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A loaded machine takes some seconds to start it; beyond this it will not start. */
const startMsMax = 60_000;

/**
 * Starts Chromium with a profile of its own, which `close` removes. Throws when no such program is in PATH; the browser
 * ends with this process at the latest.
 */
export async function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: findChromium(), args: flags, timeout: startMsMax });
}

function findChromium(): string {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const found = folders.flatMap((folder) => programs.map((program) => join(folder, program))).find(isProgram);
  if (!found) throw new Error(`No ${programs.join(", ")} in PATH: on Debian, apt-get install chromium.`);
  return found;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
