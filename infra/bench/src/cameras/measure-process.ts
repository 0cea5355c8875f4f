// A process of its own that measures the designs that it is sent the seeds of, and ends with the one that started it.
import { measureDesign, type Task } from "./read-designs.js";

process.on("message", async (task: Task) => process.send?.(await measureDesign(task)));
process.on("disconnect", () => process.exit(0));
