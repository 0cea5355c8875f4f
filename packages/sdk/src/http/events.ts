// Server-sent events (HTML, 9.2): read as they come, and opened again when they break off.
import { ConnectionError, QRFactoryError } from "../errors.js";
import { type Opened, openBody, readWithin } from "./file.js";
import { abortedBy, pause, retryDelayMs } from "./retry.js";
import type { RequestOptions, Transport } from "./transport.js";

export type ServerEvent = { name: string; data: string };

/** The server says something every five seconds; after so long a silence the connection is dead. */
const silenceMsMax = 30_000;

/** One event of its lines; null for one without data, such as a comment. */
function eventOf(block: string): ServerEvent | null {
  let name = "message";
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const [, field, value = ""] = /^([^:]+)(?:: ?(.*))?$/.exec(line) ?? [];
    if (field === "event") name = value;
    if (field === "data") data.push(value);
  }
  return data.length > 0 ? { name, data: data.join("\n") } : null;
}

/** The events of one connection; ends with it. */
export async function* readEvents({ reader, released }: Opened): AsyncGenerator<ServerEvent, void, undefined> {
  const decoder = new TextDecoder();
  let text = "";
  try {
    for (;;) {
      const { done, value } = await readWithin(reader, silenceMsMax);
      if (done) return;
      text = (text + decoder.decode(value, { stream: true })).replaceAll("\r\n", "\n");
      const blocks = text.split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) {
        const event = eventOf(block);
        if (event) yield event;
      }
    }
  } finally {
    released();
    await reader.cancel().catch(() => undefined);
  }
}

/**
 * Events without end, across connections: the server ends each after a quarter of an hour. One that says the same as
 * the one before it is left out, so a new connection repeats nothing. Ends after an event for which `isLast` holds.
 */
export async function* followEvents<Data>(
  transport: Transport,
  path: string,
  options: RequestOptions | undefined,
  isLast: (event: ServerEvent) => boolean,
): AsyncGenerator<Data, void, undefined> {
  const policy = transport.policyOf(options);
  const signal = options?.signal;
  let shown = "";
  let failures = 0;
  for (;;) {
    const opened = await openBody(transport, { path, headers: { accept: "text/event-stream" }, options });
    let cause: unknown;
    try {
      for await (const event of readEvents(opened)) {
        failures = 0;
        if (event.data !== shown) yield JSON.parse(event.data) as Data;
        shown = event.data;
        if (isLast(event)) return;
      }
    } catch (error) {
      if (signal?.aborted) throw abortedBy(signal);
      cause = error;
    }
    failures += 1;
    const broken = cause instanceof QRFactoryError ? cause : new ConnectionError("The events broke off.", { cause });
    const delayMs = retryDelayMs(broken, failures, policy);
    if (delayMs === null) throw broken;
    await pause(delayMs, signal);
  }
}
