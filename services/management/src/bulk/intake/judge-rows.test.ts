import { expect, test } from "@jest/globals";
import { plans } from "@qrfactory/domain/plan/plans";
import { emptyRow, type RawRow } from "./csv-table.js";
import { judgeRows, type RowRules } from "./judge-rows.js";

const rules: RowRules = {
  plan: plans.enterprise,
  dynamic: false,
  defaults: { frame_style: "box", frame_label: "Menu", frame_label_color: "white" },
  pictures: {},
  scanBaseUrl: "https://example.com",
  destinationRules: { ownHosts: [] },
};

const rowOf = (fields: Record<string, unknown>): RawRow => ({
  ...emptyRow(),
  fields: { data: "https://example.com", ...fields },
});

test("a label that vanishes is found in its row, and on a picture only when it is drawn", async () => {
  const rows = [
    rowOf({}),
    rowOf({ frame_label_color: "black" }),
    rowOf({ background_image_url: "https://example.com/dark.jpg" }),
    rowOf({ background_image: "iVBORw0KGgo=" }),
  ];
  const alone = await judgeRows(rows, rules);
  expect(alone.errors).toEqual({
    1: { frame_label_color: [expect.stringMatching(/vanishes on a background of #ffffff/)] },
  });
  const shared = await judgeRows(rows, { ...rules, pictures: { background: "0".repeat(64) } });
  expect(shared.errors).toEqual({});
});
