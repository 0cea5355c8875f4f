// Colours as fields of a request. Apart from what colours mean, which browsers that draw take without a validator.
import { z } from "zod";
import { normalizeColor } from "./color.js";

const spellings = "black, white, #RGB, #RRGGBB or #RRGGBBAA";

function colorField(message: string, accepts: (text: string) => boolean) {
  return z.string().transform((text, context) => {
    const normal = accepts(text) ? normalizeColor(text) : null;
    if (normal !== null) return normal;
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  });
}

/** A colour that is drawn; the output is its normal form. */
export const inkColor = colorField(`Use ${spellings}.`, (text) => text !== "transparent");

/** A colour that is drawn on, which may be `transparent`; the output is its normal form. */
export const groundColor = colorField(`Use transparent, ${spellings}.`, () => true);
