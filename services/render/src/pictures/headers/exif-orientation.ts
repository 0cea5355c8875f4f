// How a camera was held (Exif 2.3, 4.6.4): the one thing in a JPEG's metadata that changes what is seen. Decoders get
// it in a segment written anew, so that their own readers of metadata never meet a stranger's.

const tagOrientation = 0x0112;
const typeShort = 3;
const entryBytes = 12;
/** After the name comes a TIFF header: byte order, 42, offset of the first directory (TIFF 6.0, section 2). */
const tiffAt = 6;

/** The orientation, 1 (upright) to 8, in the data of an APP1 segment; 1 when there is none that can be read. */
export function findOrientation(data: Buffer): number {
  if (data.length < tiffAt + 8 || data.toString("latin1", 0, tiffAt) !== "Exif\0\0") return 1;
  const tiff = data.subarray(tiffAt);
  const isLittle = tiff.toString("latin1", 0, 2) === "II";
  const read16 = (at: number) => (isLittle ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  const directory = isLittle ? tiff.readUInt32LE(4) : tiff.readUInt32BE(4);
  if (directory + 2 > tiff.length) return 1;
  const entries = read16(directory);
  for (let i = 0; i < entries; i++) {
    const at = directory + 2 + i * entryBytes;
    if (at + entryBytes > tiff.length) return 1;
    if (read16(at) !== tagOrientation || read16(at + 2) !== typeShort) continue;
    const value = read16(at + 8);
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

/** An APP1 segment that says nothing but the orientation. */
export function orientationSegment(orientation: number): Buffer {
  const segment = Buffer.from(
    "ffe10022" + "457869660000" + "4d4d002a00000008" + "0001" + "0112000300000001" + "00000000" + "00000000",
    "hex",
  );
  segment.writeUInt16BE(orientation, segment.length - 8);
  return segment;
}
