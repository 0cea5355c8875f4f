// The content of a finished ZIP, read by a library of another origin than the one that packs.
import { fromBuffer, type ZipFile } from "yauzl";

/** A file in an archive. */
export type Entry = {
  name: string;
  bytes: Buffer;
  /** Whether it lies there as it is, or deflated. */
  isStored: boolean;
};

/** The entries in their order; throws for an archive that is damaged. */
export async function readArchive(zip: Buffer): Promise<Entry[]> {
  const file = await new Promise<ZipFile>((resolve, reject) =>
    fromBuffer(zip, { lazyEntries: true }, (error, opened) => (error ? reject(error) : resolve(opened))),
  );
  const entries: Entry[] = [];
  return new Promise((resolve, reject) => {
    file.on("error", reject);
    file.on("end", () => resolve(entries));
    file.on("entry", (entry) => {
      file.openReadStream(entry, (error, stream) => {
        if (error) return reject(error);
        const chunks: Buffer[] = [];
        stream.on("data", (chunk: Buffer) => chunks.push(chunk));
        stream.on("error", reject);
        stream.on("end", () => {
          const isStored = entry.compressionMethod === 0;
          entries.push({ name: entry.fileName, bytes: Buffer.concat(chunks), isStored });
          file.readEntry();
        });
      });
    });
    file.readEntry();
  });
}

/** A row of manifest.json. */
export type ManifestRow = Record<string, unknown> & {
  row: number;
  filename: string | null;
  data: string;
  format: string | null;
  pixels: number | null;
  version: number | null;
  bytes: number | null;
  cache: string | null;
  errors: Record<string, string[]> | null;
};

/** The manifest of an archive. */
export function manifestOf(entries: Entry[]): ManifestRow[] {
  const manifest = entries.find(({ name }) => name === "manifest.json");
  if (!manifest) throw new Error("The archive has no manifest.json.");
  return JSON.parse(manifest.bytes.toString()) as ManifestRow[];
}
