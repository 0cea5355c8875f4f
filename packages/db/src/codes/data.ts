// Values of a code as the generated client takes them.
import { type CodeFields, fieldList } from "@qrfactory/codes/fields/fields";
import { Prisma } from "../generated/client.js";

const jsonProperties = new Set<string>(fieldList.filter(({ column }) => column === "jsonb").map((row) => row.property));

/** Changes as the generated client takes them: an empty value of a JSON column has to be told from JSON's `null`. */
export function toData(changes: CodeFields): Prisma.DynamicCodeUncheckedUpdateManyInput {
  return Object.fromEntries(
    Object.entries(changes).map(([property, value]) => [
      property,
      value === null && jsonProperties.has(property) ? Prisma.DbNull : value,
    ]),
  );
}
