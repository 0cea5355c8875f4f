// Names of the files in an archive: safe on every system that may unpack it, and unique there.
import sanitize from "sanitize-filename";

/** Longest name in characters, the end included: far below every system's 255 bytes in any script. */
const nameLengthMax = 80;

/** Makes the function that names the file of a row; each name is given once, whatever the case of its letters. */
export function makeNameFile(): (wanted: string | undefined, row: number, extension: string) => string {
  const taken = new Set(["manifest.csv", "manifest.json"]);
  return function nameFile(wanted, row, extension) {
    const stem = stemOf(wanted ?? "", extension) || `qr-${String(row).padStart(4, "0")}`;
    let name = `${stem}.${extension}`;
    for (let copy = 2; taken.has(name.toLowerCase()); copy++) name = `${stem}-${copy}.${extension}`;
    taken.add(name.toLowerCase());
    return name;
  };
}

/** Of a path its last part; without its ending, without dots and spaces at either end. */
function stemOf(wanted: string, extension: string): string {
  const last = wanted.normalize("NFC").split(/[\\/]/).at(-1) ?? "";
  const safe = sanitize(last.replace(/^[a-z]:/i, ""), { replacement: "_" });
  const bare = safe.toLowerCase().endsWith(`.${extension}`) ? safe.slice(0, -extension.length - 1) : safe;
  return [...bare]
    .slice(0, nameLengthMax)
    .join("")
    .replace(/^[.\s]+|[.\s]+$/g, "");
}
