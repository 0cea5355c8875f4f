// `npm run walk`: goes through the product by HTTP, against a stack that runs.
import { orExplain } from "./progress.mjs";
import { setUp } from "./setup.mjs";

await orExplain(async () => {
  await setUp({ systemParts: ["curl"] });
  await import("./dist/walk.js");
});
