import { expect, test } from "@jest/globals";
import { ApiError } from "@qrfactory/domain/http/errors";
import type { LabelOutline } from "@qrfactory/drawing/label/shaper";
import { moveOp } from "@qrfactory/drawing/scene/path";
import { pngPixels } from "@qrfactory/testing/decode";
import fc from "fast-check";
import { pngOf, rasterize } from "../canvas/rasterize.js";
import { designOf, readTwice, sceneFor, styledText } from "../canvas/styles.fixture.js";
import { shapeLine } from "./labels.js";

async function refusal(text: string): Promise<ApiError> {
  try {
    await shapeLine(text);
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

/** Where the ink of a label begins and ends. */
function inkOf({ path }: LabelOutline): { left: number; right: number } {
  const xs = path.numbers.filter((_, i) => i % 2 === 0);
  return { left: Math.min(...xs), right: Math.max(...xs) };
}

test.each([
  ["Latin", "Scan me for the menu & the wine list, ok"],
  ["accents and Vietnamese", "Quét mã để xem thực đơn – à bientôt, ça"],
  ["Greek", "Σάρωσε με για το μενού"],
  ["Cyrillic", "Отсканируй меня, пожалуйста"],
  ["Arabic", "امسح الرمز ضوئياً لعرض قائمة الطعام"],
  ["Persian digits", "اسکن کنید ۱۲۳"],
  ["Hebrew with points", "סִרְקוּ אוֹתִי לתפריט המלא"],
  ["simplified Chinese", "扫描二维码查看菜单和价格"],
  ["traditional Chinese", "掃描二維碼查看菜單與價格"],
  ["Japanese", "メニューはこちらから読み取ってください"],
  ["Korean", "메뉴를 보려면 스캔하세요"],
  ["forty ideographs", "扫".repeat(40)],
  ["Thai", "สแกนเพื่อดูเมนู"],
  ["Devanagari", "मेनू के लिए स्कैन करें"],
  ["Bengali", "মেনু দেখতে স্ক্যান করুন"],
  ["Tamil", "பட்டியலைப் பார்க்க"],
  ["Georgian", "მენიუს სანახავად"],
  ["Armenian", "Սկանավորեք ինձ"],
  ["emoji", "☕ Menu 🍕 👍🏽 👩‍👩‍👧 🇦🇹"],
  ["many at once", "Menu Меню قائمة תפריט 菜单 メニュー"],
])("a label in %s is drawn, and the code in its frame is read", async (_name, frame_label) => {
  const design = designOf({
    frame_style: "banner-bottom",
    frame_label,
    frame_color: "#1d3557",
    pattern: "rounded",
    size: 300,
  });
  const png = pngOf(rasterize(await sceneFor(design), 300), null);
  expect(await readTwice(pngPixels(png))).toEqual([styledText, styledText]);
});

test("Arabic letters are joined, and run from right to left", async () => {
  const [whole, apart] = [await shapeLine("سلام"), await shapeLine("س ل ا م")];
  expect(whole.width).toBeLessThan(apart.width - 0.5);
  // The tail of the last letter hangs at the left.
  const word = await shapeLine("سلام abc");
  const lone = await shapeLine("abc");
  // In a line that begins in Arabic, Latin words come last, so at the left.
  const firstX = (label: LabelOutline) => label.path.numbers[label.path.ops.indexOf(moveOp)] as number;
  expect(firstX(word)).toBeCloseTo(firstX(lone), 5);
});

test("brackets and numbers in Hebrew stand as readers expect them", async () => {
  // Mirrored and reordered, the two lines are the same picture as their halves say.
  const [plain, bracketed] = [await shapeLine("כאן"), await shapeLine("(כאן)")];
  const bracket = await shapeLine("()");
  expect(bracketed.width).toBeCloseTo(plain.width + bracket.width, 1);
  expect((await shapeLine("טל 12")).width).toBeCloseTo((await shapeLine("טל 21")).width, 1);
});

test("a label fills neither more than its width nor less than nothing", async () => {
  await fc.assert(
    fc.asyncProperty(fc.stringMatching(/^[A-Za-z0-9 .,!?áßñ]{1,40}$/), async (text) => {
      if (text.trim() === "") return;
      const label = await shapeLine(text.trim());
      const { left, right } = inkOf(label);
      expect(left).toBeGreaterThan(-0.2);
      expect(right).toBeLessThan(label.width + 0.2);
      expect(label.top).toBeLessThan(label.bottom);
    }),
    { numRuns: 40 },
  );
});

test("what no bundled font draws is refused by its characters", async () => {
  const error = await refusal("Menu 𒀀 and ខ");
  expect(error).toMatchObject({ code: "validation_failed", status: 400 });
  expect(error.message).toContain("𒀀 (U+12000)");
  expect(error.message).toContain("ខ (U+1781)");
  expect(Object.keys(error.errors ?? {})).toEqual(["frame_label"]);
});

test("digits and words beside emoji look as they do anywhere else, and sequences are one picture", async () => {
  const widthOf = async (text: string) => (await shapeLine(text)).width;
  const [cup, words] = [await widthOf("☕"), await widthOf(" 5 € #1")];
  expect(await widthOf("☕ 5 € #1")).toBeCloseTo(cup + words, 5);
  for (const sequence of ["👍🏽", "👩‍👩‍👧", "🇦🇹"]) expect(await widthOf(sequence)).toBeCloseTo(cup, 1);
});

test("a label of nothing visible is refused", async () => {
  expect((await refusal("\u200d\u200b")).code).toBe("validation_failed");
});
