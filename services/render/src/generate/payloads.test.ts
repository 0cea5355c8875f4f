import { expect, test } from "@jest/globals";
import { readDesign } from "@qrfactory/domain/design/design";
import { plans } from "@qrfactory/domain/plan/plans";
import { decodeOne } from "@qrfactory/testing/decode";
import { drawDesign } from "../draw/draw-design.js";

const scripts = "Zoë Ωμέγα Жанна שלום مرحبا 東京 ソウル 서울 👩‍🚀🏳️‍🌈";

test.each<[string, object]>([
  ["vcard", { name: scripts, org: "A, B; C", phone: "+12025550123", note: `${scripts}\n${scripts}` }],
  ["wifi", { ssid: "Café 茶 🍵", password: 'p\\;,":é茶', hidden: true }],
  ["email", { to: "josé@例え.jp", subject: scripts, body: `${scripts}\n${scripts}` }],
  ["sms", { number: "+12025550123", message: `${scripts}: "1;2"` }],
  ["phone", { number: "+1 202 555 0123" }],
  ["geo", { latitude: -33.8568, longitude: 151.2153, altitude: 4.5, query: scripts }],
  ["event", { title: scripts, start: "2026-06-01T18:30:00+02:00", location: scripts, description: scripts }],
])("a code of type %s holds its payload to the last byte", async (type, payload) => {
  const { design } = readDesign({ data_type: type, payload }, plans.enterprise);
  const { bytes, scan } = await drawDesign(design, { checked: true });
  expect(scan?.isReadable).toBe(true);
  expect(await decodeOne(bytes)).toBe(design.text);
});
