// The queues of work in the background, as BullMQ names them in the state Redis.

/** Begins every key of theirs. */
export const queuePrefix = "qrf";

/** `bulk` wakes a worker for an order; the jobs of the others stand beside their workers. */
export const queueNames = ["bulk", "maintenance", "summaries"] as const;
export type QueueName = (typeof queueNames)[number];
