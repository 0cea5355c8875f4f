// The version that status and logs show.
import { readFileSync } from "node:fs";

/** The version of this build, from the package file that ships with it. */
export const version: string = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).version;
