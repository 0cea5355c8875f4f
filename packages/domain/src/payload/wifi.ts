// A network to join, in the `WIFI:` form that Android and iOS read.
import { z } from "zod";
import { line } from "./words.js";

/** Of a network's name (IEEE 802.11, 9.4.2.2). */
const ssidOctetsMax = 32;

/** A WPA passphrase has at most 63 characters, a key in hex 64; SAE sets no limit, this is a generous one. */
const passwordLengthMax = 128;

const fields = z.strictObject({
  ssid: line(ssidOctetsMax).refine(
    (ssid) => Buffer.byteLength(ssid) <= ssidOctetsMax,
    `A network's name has at most ${ssidOctetsMax} bytes in UTF-8.`,
  ),
  password: line(passwordLengthMax).optional(),
  security: z.enum(["WPA", "WEP", "SAE", "nopass"]).optional(),
  hidden: z.boolean().default(false),
});

/**
 * The payload of `data_type: "wifi"`, as the text of its code. Without `security`, a password means WPA and none an
 * open network.
 */
export const wifi = fields
  .superRefine(({ password, security }, context) => {
    const refuse = (message: string) => context.addIssue({ code: "custom", path: ["password"], message });
    if (security === "nopass" && password !== undefined) refuse("An open network (nopass) has no password.");
    if (security !== undefined && security !== "nopass" && password === undefined) {
      refuse(`A network with ${security} needs its password; use nopass for an open one.`);
    }
  })
  .transform(({ ssid, password, security = password === undefined ? "nopass" : "WPA", hidden }) => {
    const secret = password === undefined ? "" : `P:${escapeWifi(password)};`;
    return `WIFI:T:${security};S:${escapeWifi(ssid)};${secret}${hidden ? "H:true;" : ""};`;
  });

function escapeWifi(text: string): string {
  return text.replace(/[\\;,":]/g, "\\$&");
}
