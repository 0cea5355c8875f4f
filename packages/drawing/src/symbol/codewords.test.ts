import { expect, test } from "@jest/globals";
import { codewordsOf } from "./codewords.js";

// The worked example of ISO/IEC 18004:2015, annex I: 01234567 in version 1-M.
test("the example of the standard gives its codewords", () => {
  const codewords = codewordsOf([{ mode: "numeric", text: "01234567" }], 1, "M", 26);
  const hex = Buffer.from(codewords).toString("hex");
  expect(hex).toBe("10200c566180ec11ec11ec11ec11ec11" + "a524d4c1ed36c7872c55");
});
