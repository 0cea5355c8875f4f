// Names of the files in an archive, with the folders that they lie in: safe on every system that may unpack it, and
// unique there.
import sanitize from "sanitize-filename";

/** Longest name in bytes without its ending and number: with them it stays below every system's 255. */
const stemBytesMax = 200;
/** Longest name of a folder in bytes, and folders in one another: a whole path stays within what Windows unpacks. */
const folderBytesMax = 60;
const foldersMax = 5;

/** Characters that are not seen or turn the direction of writing: with them a name may look like another. */
const unseen = /\p{C}/gu;
/** Names that Windows keeps for devices, whatever follows their first dot. */
const device = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/**
 * Makes the function that names the file of a row, a path with `/`; each is given once, whatever the case of its
 * letters, and none is the folder of another.
 */
export function makeNameFile(): (wanted: string | undefined, row: number, extension: string) => string {
  const files = new Set(["manifest.csv", "manifest.json"]);
  const folders = new Set<string>();
  /**
   * Name in lower case → the number of its last copy, so that a thousand equal names are not counted through each time.
   */
  const copies = new Map<string, number>();

  function enterFolders(parts: readonly string[]): string {
    let path = "";
    for (const part of parts) {
      let folder = path + part;
      while (files.has(folder.toLowerCase())) folder += "_";
      folders.add(folder.toLowerCase());
      path = `${folder}/`;
    }
    return path;
  }

  return function nameFile(wanted, row, extension) {
    const { parts, last } = splitPath(wanted ?? "");
    const folder = enterFolders(parts);
    const stem = folder + (stemOf(last, extension) || `qr-${String(row).padStart(4, "0")}`);
    const first = `${stem}.${extension}`.toLowerCase();
    const isTaken = (path: string) => files.has(path.toLowerCase()) || folders.has(path.toLowerCase());
    let copy = copies.get(first) ?? 1;
    let name = copy === 1 ? `${stem}.${extension}` : `${stem}-${copy}.${extension}`;
    while (isTaken(name)) name = `${stem}-${++copy}.${extension}`;
    copies.set(first, copy);
    files.add(name.toLowerCase());
    return name;
  };
}

/** Folders and the name in them; a drive and what leads upwards or nowhere is left out. */
function splitPath(wanted: string): { parts: string[]; last: string } {
  const all = wanted
    .normalize("NFC")
    .replace(/^[a-z]:/i, "")
    .split(/[\\/]/);
  const last = all.pop() ?? "";
  const parts = all.flatMap((part) => safe(part, folderBytesMax) || []);
  return { parts: parts.slice(0, foldersMax), last };
}

/** A name without its ending, which is added by what the file is. */
function stemOf(wanted: string, extension: string): string {
  const isEnding = wanted.toLowerCase().endsWith(`.${extension}`);
  return safe(isEnding ? wanted.slice(0, -extension.length - 1) : wanted, stemBytesMax);
}

/** A name that every system takes, without dots and spaces at either end; empty where nothing is left of it. */
function safe(wanted: string, bytesMax: number): string {
  const seen = trim(wanted.replace(unseen, ""));
  const named = trim(cut(sanitize(device.test(seen) ? `_${seen}` : seen, { replacement: "_" }), bytesMax));
  return device.test(named) ? `_${named}` : named;
}

const trim = (name: string) => name.replace(/^[.\s]+|[.\s]+$/g, "");

/** The beginning of a text, without a character that the limit cuts apart. */
const cut = (text: string, bytesMax: number) =>
  Buffer.from(text)
    .subarray(0, bytesMax)
    .toString()
    .replace(/\ufffd+$/, "");
