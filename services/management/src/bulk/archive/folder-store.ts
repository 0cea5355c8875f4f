// Archives in a folder.
import { randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { isOurs, type ObjectStore } from "./object-store.js";

/** Objects as files of a folder, which processes of one machine share. */
export function openFolderStore(folder: string): ObjectStore {
  const pathOf = (name: string) => join(folder, name);
  return {
    async put(name, content) {
      await mkdir(folder, { recursive: true });
      const unfinished = join(folder, `.${randomUUID()}.part`);
      try {
        await pipeline(content, createWriteStream(unfinished, { flush: true }));
        const { size } = await stat(unfinished);
        await rename(unfinished, pathOf(name));
        return size;
      } catch (error) {
        await rm(unfinished, { force: true });
        throw error;
      }
    },
    async get(name, range) {
      await stat(pathOf(name));
      return createReadStream(pathOf(name), range && { start: range.first, end: range.last });
    },
    remove: (name) => rm(pathOf(name), { force: true }),
    async sweep(before) {
      // A folder that nothing was put in yet is not there.
      for (const name of await readdir(folder).catch(() => [])) {
        if (!isOurs(name)) continue;
        const { mtime } = await stat(pathOf(name)).catch(() => ({ mtime: before }));
        if (mtime < before) await rm(pathOf(name), { force: true });
      }
    },
  };
}
