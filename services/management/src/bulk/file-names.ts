// Names of the files in an archive: safe on every system that may unpack it, and unique there.
import sanitize from "sanitize-filename";

/** Longest name in bytes without its ending and number: with them it stays below every system's 255. */
const stemBytesMax = 200;

/** Characters that are not seen or turn the direction of writing: with them a name may look like another. */
const unseen = /\p{C}/gu;
/** Names that Windows keeps for devices, whatever follows their first dot. */
const device = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/** Makes the function that names the file of a row; each name is given once, whatever the case of its letters. */
export function makeNameFile(): (wanted: string | undefined, row: number, extension: string) => string {
  const taken = new Set(["manifest.csv", "manifest.json"]);
  /** Name in lower case → the number of its last copy, so that a thousand equal names are not counted through each time. */
  const copies = new Map<string, number>();
  return function nameFile(wanted, row, extension) {
    const stem = stemOf(wanted ?? "", extension) || `qr-${String(row).padStart(4, "0")}`;
    const first = `${stem}.${extension}`.toLowerCase();
    let copy = copies.get(first) ?? 1;
    let name = copy === 1 ? `${stem}.${extension}` : `${stem}-${copy}.${extension}`;
    while (taken.has(name.toLowerCase())) name = `${stem}-${++copy}.${extension}`;
    copies.set(first, copy);
    taken.add(name.toLowerCase());
    return name;
  };
}

/** Of a path its last part; without its ending, without dots and spaces at either end. */
function stemOf(wanted: string, extension: string): string {
  const last = wanted.normalize("NFC").split(/[\\/]/).at(-1) ?? "";
  const safe = sanitize(last.replace(/^[a-z]:/i, "").replace(unseen, ""), { replacement: "_" });
  const bare = safe.toLowerCase().endsWith(`.${extension}`) ? safe.slice(0, -extension.length - 1) : safe;
  const stem = cut(bare).replace(/^[.\s]+|[.\s]+$/g, "");
  return device.test(stem) ? `_${stem}` : stem;
}

/** The beginning of a text, without a character that the limit cuts apart. */
const cut = (text: string) =>
  Buffer.from(text)
    .subarray(0, stemBytesMax)
    .toString()
    .replace(/\ufffd+$/, "");
