// `npm start`: makes everything ready, then runs the whole product in this process until Ctrl-C.
import { orExplain } from "./progress.mjs";
import { setUp } from "./setup.mjs";

await orExplain(async () => {
  await setUp({ systemParts: process.env.DATABASE_URL ? ["redis", "nginx"] : ["postgresql", "redis", "nginx"] });
  await import("./dist/start.js");
});
