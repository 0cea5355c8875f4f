// Files that may be large: read as they arrive, and gone on with where a connection broke, if the server keeps them.
import { ConnectionError, QRFactoryError, TimeoutError } from "../errors.js";
import type { ApiPromise } from "./api-promise.js";
import { abortedBy, asTimerMs, pause, retryDelayMs } from "./retry.js";
import type { Call, Transport } from "./transport.js";

/** A file on its way. It is read once: as a stream, by `for await`, or as a whole. */
export class FileBody implements AsyncIterable<Uint8Array> {
  readonly stream: ReadableStream<Uint8Array>;
  readonly contentType: string;
  /** As the server suggests it. */
  readonly fileName: string | null;
  /** Null where the server does not know it beforehand. */
  readonly size: number | null;

  constructor(stream: ReadableStream<Uint8Array>, { headers }: Response) {
    this.stream = stream;
    this.contentType = headers.get("content-type") ?? "";
    this.fileName = /filename="([^"]+)"/.exec(headers.get("content-disposition") ?? "")?.[1] ?? null;
    const length = headers.get("content-length");
    this.size = length === null || headers.has("content-encoding") ? null : Number(length);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    const reader = this.stream.getReader();
    try {
      for (let turn = await reader.read(); !turn.done; turn = await reader.read()) yield turn.value;
    } finally {
      await reader.cancel().catch(() => undefined);
    }
  }

  async bytes(): Promise<Uint8Array> {
    return new Uint8Array(await new Response(this.stream).arrayBuffer());
  }

  text(): Promise<string> {
    return new Response(this.stream).text();
  }

  async blob(): Promise<Blob> {
    return new Blob([await new Response(this.stream).arrayBuffer()], { type: this.contentType });
  }
}

export type Reader = ReadableStreamDefaultReader<Uint8Array>;

/** One read; rejects with `TimeoutError` after a silence of `timeoutMs`. */
export async function readWithin(reader: Reader, timeoutMs: number): ReturnType<Reader["read"]> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_resolve, reject) => {
    const late = () => reject(new TimeoutError(`Nothing arrived for ${timeoutMs} ms.`));
    timer = setTimeout(late, asTimerMs(timeoutMs));
  });
  try {
    return await Promise.race([reader.read(), silence]);
  } finally {
    clearTimeout(timer);
  }
}

/** An opened body: its reader, and what lets go of the caller's signal. */
export type Opened = { reader: Reader; released: () => void };

/** Opens a body as a reader; the answer to a broken one may be asked for again by the caller. */
export function openBody(transport: Transport, call: Omit<Call<Opened>, "read" | "streams" | "method">) {
  const read = async (response: Response, released: () => void): Promise<Opened> => {
    if (response.body === null) throw new ConnectionError("The answer has no body.");
    return { reader: response.body.getReader(), released };
  };
  return transport.send<Opened>({ ...call, method: "GET", read, streams: true });
}

/** Downloads a file. Where it breaks off, what is missing is asked for by `Range`, if the server offers that. */
export function download(
  transport: Transport,
  call: Omit<Call<Opened>, "read" | "streams" | "method">,
): ApiPromise<FileBody> {
  const policy = transport.policyOf(call.options);
  const signal = call.options?.signal;

  function streamOf(first: Opened, { headers }: Response): ReadableStream<Uint8Array> {
    let opened = first;
    let received = 0;
    let failures = 0;
    const etag = headers.get("accept-ranges") === "bytes" ? headers.get("etag") : null;

    async function goOn(cause: unknown): Promise<void> {
      opened.released();
      await opened.reader.cancel().catch(() => undefined);
      if (signal?.aborted) throw abortedBy(signal);
      const broken = cause instanceof QRFactoryError ? cause : new ConnectionError("The file broke off.", { cause });
      failures += 1;
      const delayMs = etag === null ? null : retryDelayMs(broken, failures, policy);
      if (delayMs === null || etag === null) throw broken;
      await pause(delayMs, signal);
      const range = { range: `bytes=${received}-`, "if-range": etag };
      const rest = await openBody(transport, { ...call, headers: { ...call.headers, ...range } }).withResponse();
      opened = rest.data;
      // Another file than before has come in its place.
      if (rest.response.status !== 206) throw broken;
    }

    return new ReadableStream<Uint8Array>({
      async pull(controller) {
        for (;;) {
          try {
            const { done, value } = await readWithin(opened.reader, policy.timeoutMs);
            if (done) {
              opened.released();
              return controller.close();
            }
            received += value.byteLength;
            failures = 0;
            return controller.enqueue(value);
          } catch (error) {
            await goOn(error);
          }
        }
      },
      async cancel(reason) {
        opened.released();
        await opened.reader.cancel(reason);
      },
    });
  }

  return openBody(transport, call).map((opened, response) => new FileBody(streamOf(opened, response), response));
}
