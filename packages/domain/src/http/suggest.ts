// Suggestions for mistyped or foreign names: one answer for unknown fields and for unknown values alike.

/** Words of other QR libraries and of everyday speech, each with the names of ours that it may stand for. */
const aliases: Record<string, readonly string[]> = {
  backcolor: ["background"],
  background_color: ["background"],
  bg: ["background"],
  bgcolor: ["background"],
  border: ["quiet_zone"],
  calendar: ["event"],
  caption: ["frame_label"],
  circle: ["dot"],
  contact: ["vcard"],
  content: ["data"],
  dark: ["color"],
  ec_level: ["error_correction"],
  ecc: ["error_correction"],
  ecl: ["error_correction"],
  error_correction_level: ["error_correction"],
  error_level: ["error_correction"],
  eye_style: ["eye_shape"],
  fg: ["color"],
  fgcolor: ["color"],
  file_type: ["format"],
  fill_color: ["color"],
  foreground: ["color"],
  frame: ["frame_style"],
  height: ["size"],
  high: ["H"],
  icon: ["logo"],
  image: ["logo", "format"],
  image_format: ["format"],
  ipad: ["tablet", "iOS"],
  iphone: ["iOS"],
  label: ["frame_label"],
  lat: ["latitude"],
  level: ["error_correction"],
  light: ["background"],
  link: ["url", "destination_url", "data"],
  lng: ["longitude"],
  location: ["geo"],
  lon: ["longitude"],
  long: ["longitude"],
  low: ["L"],
  mac: ["macOS"],
  mail: ["email"],
  mailto: ["email"],
  margin: ["quiet_zone"],
  medium: ["M"],
  mobile: ["phone"],
  network: ["ssid"],
  output: ["format"],
  padding: ["quiet_zone"],
  pass: ["password"],
  quartile: ["Q"],
  resolution: ["dpi"],
  shape: ["pattern"],
  square: ["squares"],
  string: ["text"],
  style: ["pattern"],
  target: ["destination_url"],
  tel: ["phone"],
  telephone: ["phone"],
  text: ["data"],
  title: ["name"],
  type: ["data_type", "format"],
  url: ["data", "destination_url"],
  value: ["data"],
  website: ["url"],
  width: ["size"],
};

/** No name of ours is nearly as long; comparing longer ones would cost their sender nothing and us much. */
const wordLengthMax = 64;

/** The known name that was probably meant, or null: in another case, under another word, or a slip or two away. */
export function suggest(sent: string, known: readonly string[]): string | null {
  if (sent.length === 0 || sent.length > wordLengthMax) return null;
  const spelled = spell(sent);
  const same = known.find((name) => spellKnown(name) === spelled);
  if (same !== undefined) return same;
  const meant = Object.hasOwn(aliases, spelled) ? aliases[spelled]?.find((name) => known.includes(name)) : undefined;
  return meant ?? nearest(spelled, known);
}

/**
 * Letters in one case, words joined in one way: `errorCorrection`, `Error-Correction` and `error_correction` are one.
 */
const spell = (name: string): string =>
  name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .replace(/[\s_-]+/g, "_");

/** Names of ours by their spelling; there are some hundred. */
const spellings = new Map<string, string>();

function spellKnown(name: string): string {
  let spelled = spellings.get(name);
  if (spelled === undefined) {
    spelled = spell(name);
    spellings.set(name, spelled);
  }
  return spelled;
}

/** Slips that a word of so many letters may hold: one of three letters with two slips would be any other. */
const slipsMax = (length: number): number => (length < 3 ? 0 : length < 6 ? 1 : 2);

function nearest(spelled: string, known: readonly string[]): string | null {
  let best: { name: string; slips: number } | null = null;
  for (const name of known) {
    const most = slipsMax(Math.min(spelled.length, name.length));
    if (Math.abs(spelled.length - name.length) > most) continue;
    const slips = slipsBetween(spelled, spellKnown(name));
    if (slips <= most && (best === null || slips < best.slips)) best = { name, slips };
  }
  return best?.name ?? null;
}

/** Letters added, left out, mistaken or swapped with their neighbour (optimal string alignment distance). */
export function slipsBetween(one: string, other: string): number {
  let before: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let i = 1; i <= one.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const isSame = one[i - 1] === other[j - 1];
      const isSwapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      row[j] = Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + (isSame ? 0 : 1),
        isSwapped ? (before[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    [before, last] = [last, row];
  }
  return last[other.length] ?? 0;
}

/** Message about an unknown field, with the name that was probably meant. */
export function unknownField(sent: string, known: readonly string[]): string {
  const meant = suggest(sent, known);
  return meant === null ? "This field is not known here." : `This field is not known here: did you mean ${meant}?`;
}

/** Message about a value that is none of `known`, with the one that was probably meant. */
export function useOneOf(sent: unknown, known: readonly string[]): string {
  const meant = typeof sent === "string" ? suggest(sent, known) : null;
  const use = `Use ${known.length > 1 ? "one of: " : ""}${known.join(", ")}.`;
  return meant === null ? use : `Did you mean ${meant}? ${use}`;
}
