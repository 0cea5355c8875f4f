// A process of its own that measures the designs that it is sent the seeds of, and ends with the one that started it.
import { measureDesign, type Task } from "./read-designs.js";

process.on("message", async (task: Task) => {
  try {
    process.send?.(await measureDesign(task));
  } catch (error) {
    // Alone, for the decoders print their whole source before whatever is thrown.
    console.error((error as Error).message);
    process.exit(1);
  }
});
process.on("disconnect", () => process.exit(0));
