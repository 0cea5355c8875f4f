import { Readable } from "node:stream";
import { expect, test } from "@jest/globals";
import { ApiError } from "@qrfactory/domain/http/errors";
import { readTable } from "./csv-table.js";

const read = (text: string) =>
  readTable(Readable.from([Buffer.from(text)]), {
    isField: (name) => ["data", "filename"].includes(name),
    rowsMax: 10,
    tooMany: () => new ApiError("validation_failed", "Too many rows."),
  });

/** Members of every object: `constructor`, `__proto__`, `toString` … */
const inherited = Object.getOwnPropertyNames(Object.prototype).map((name) => name.toLowerCase());

test.each(inherited)("a column called %s keeps its name and its cells, before and after a field", async (name) => {
  for (const text of [`url,${name}\nhttps://a.example,x\n`, `${name},url\nx,https://a.example\n`]) {
    const [row] = await read(text);
    expect(row?.fields).toEqual({ data: "https://a.example" });
    expect(Object.entries(row?.extra ?? {})).toEqual([[name, "x"]]);
  }
});
