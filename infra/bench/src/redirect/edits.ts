// How soon an edit is served: the whole local stack with three regions, one PATCH after the other, and every region
// asked until it leads to the new address. Counted from the moment in which the PATCH is sent.
import { setTimeout as pause } from "node:timers/promises";
import { startLocalStack } from "../local-stack.js";

const edits = 200;
const warmUpEdits = 20;
/** Time that the question itself may add. */
const askEveryMs = 2;
const visibleTimeoutMs = 10_000;

/** Starts the stack in a directory, measures, and says the result. */
export async function measureEdits(directory: string): Promise<string> {
  const { regions, send, stop } = await startLocalStack(directory, 3);
  try {
    const { short_id } = await send("POST", "/api/v1/dynamic/", { name: "E", destination_url: "https://example.com/" });
    const took: number[] = [];
    for (let edit = 0; edit < warmUpEdits + edits; edit++) {
      const destination = `https://example.com/edit/${edit}`;
      const sentAt = performance.now();
      const sent = send("PATCH", `/api/v1/dynamic/${short_id}/`, { destination_url: destination });
      await Promise.all(regions.map(({ redirect }) => untilServed(`${redirect}/q/${short_id}`, destination)));
      if (edit >= warmUpEdits) took.push(performance.now() - sentAt);
      await sent;
    }
    took.sort((a, b) => a - b);
    const quantile = (share: number) => (took[Math.floor(took.length * share)] as number).toFixed(0);
    return (
      `${edits} edits, from PATCH sent to the last of three regions: p50 ${quantile(0.5)} ms, ` +
      `p99 ${quantile(0.99)} ms.`
    );
  } finally {
    await stop();
  }
}

async function untilServed(url: string, destination: string): Promise<void> {
  const endsAt = performance.now() + visibleTimeoutMs;
  while (performance.now() < endsAt) {
    const response = await fetch(url, { method: "HEAD", redirect: "manual" });
    if (response.headers.get("location") === destination) return;
    await pause(askEveryMs);
  }
  throw new Error(`${url} did not lead to ${destination} within ${visibleTimeoutMs} ms.`);
}
