// City names of DB-IP, which appends the district in brackets, so that one city has a hundred names: `London (Soho)`.

/** Suffixes that tell German towns of the same name apart: part of their names, not districts. */
export const namesInBrackets = [
  ...["Oder", "Saale", "Wumme", "Allgau", "Sieg", "Ohm", "Efze", "Unterweser", "Hessen", "Chiemgau", "Saar", "Unstrut"],
  ...["Werra", "Westfalen", "Lahn", "Eder", "Dill", "Aller", "Eifel", "Oberpfalz"],
] as const;

const ownName = new RegExp(`^(?:${namesInBrackets.join("|")})\\)`);

/**
 * The city of a DB-IP name without its district: `Vienna (Leopoldstadt)` → `Vienna`, `Frankfurt (Oder) (Mitte)` →
 * `Frankfurt (Oder)`.
 */
export function cityOf(name: string): string {
  const bracket = name.indexOf(" (");
  if (bracket <= 0) return name;
  const inner = bracket + " (".length;
  return ownName.test(name.slice(inner)) ? name.slice(0, name.indexOf(")", inner) + 1) : name.slice(0, bracket);
}
