// One call over HTTP: its address, its headers, its attempts with their time limits, and what is made of its answer.
import { ConnectionError, errorOf, QRFactoryError, TimeoutError } from "../errors.js";
import { ApiPromise, type WithResponse } from "./api-promise.js";
import {
  abortedBy,
  asTimerMs,
  pause,
  type RetryEvent,
  type RetryPolicy,
  readRetryAfter,
  retryDelayMs,
} from "./retry.js";

/** Options of one call; those of the client hold where one is left out. */
export type RequestOptions = {
  signal?: AbortSignal | undefined;
  /** For each attempt, until its answer is read; of a stream until its headers, and then for each silence in it. */
  timeoutMs?: number | undefined;
  maxRetries?: number | undefined;
  retryOnRateLimit?: boolean | undefined;
  /** Of a call that creates: one of your own, so that it happens once across restarts of your program, too. */
  idempotencyKey?: string | undefined;
  headers?: Record<string, string> | undefined;
};

export type QueryValue = string | number | boolean | Date | readonly string[] | null | undefined;
export type Query = Record<string, QueryValue>;

export type Call<T> = {
  method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  /** From `/api/` on. */
  path: string;
  query?: Query | undefined;
  /** Sent as JSON. */
  json?: unknown;
  form?: FormData;
  headers?: Record<string, string>;
  /** It makes something, which must not be made twice: an Idempotency-Key goes with it. */
  creates?: boolean;
  /** Reads the body; `released` is called by a reader of a stream when it is done with it. */
  read: (response: Response, released: () => void) => Promise<T>;
  /** A status that is an answer like any other, though it is no 2xx. */
  accepts?: number;
  /** Whether `read` gives a stream that is read later. */
  streams?: boolean;
  options?: RequestOptions | undefined;
};

export type Transport = {
  send<T>(call: Call<T>): ApiPromise<T>;
  /** The policy of a call, and its time limit. */
  policyOf(options: RequestOptions | undefined): RetryPolicy & { timeoutMs: number };
};

export type TransportOptions = {
  baseUrl: string;
  /** Asked for each attempt, so that a token may be renewed meanwhile. */
  credentials: () => Promise<Record<string, string>>;
  fetch: typeof fetch;
  timeoutMs: number;
  policy: RetryPolicy;
  onRetry: ((event: RetryEvent) => void) | undefined;
};

/** Makes the function behind every call. */
export function makeTransport(options: TransportOptions): Transport {
  const { baseUrl, credentials, onRetry } = options;

  const policyOf = (asked: RequestOptions = {}) => ({
    maxRetries: asked.maxRetries ?? options.policy.maxRetries,
    retryOnRateLimit: asked.retryOnRateLimit ?? options.policy.retryOnRateLimit,
    random: options.policy.random,
    timeoutMs: asked.timeoutMs ?? options.timeoutMs,
  });

  async function attempt<T>(call: Call<T>, request: { url: string; body: string | FormData | null; headers: Headers }) {
    const { signal } = call.options ?? {};
    const ended = new AbortController();
    const leave = () => ended.abort(signal?.reason);
    const released = () => signal?.removeEventListener("abort", leave);
    let isLate = false;
    const { timeoutMs } = policyOf(call.options);
    const timer = setTimeout(() => {
      isLate = true;
      ended.abort();
    }, asTimerMs(timeoutMs));
    if (signal?.aborted) leave();
    else signal?.addEventListener("abort", leave, { once: true });
    let isStream = false;
    try {
      const { url, body, headers } = request;
      // A redirect is followed by nobody: a key must not travel to another host.
      const init = { method: call.method, headers, body, signal: ended.signal, redirect: "manual" as const };
      const response = await options.fetch(url, init);
      if (!response.ok && response.status !== call.accepts) throw await refusalOf(response);
      const data = await call.read(response, released);
      isStream = call.streams === true;
      return { data, response };
    } catch (error) {
      if (error instanceof QRFactoryError) throw error;
      if (signal?.aborted) throw abortedBy(signal);
      if (isLate) throw new TimeoutError(`No answer within ${timeoutMs} ms.`, { cause: error });
      throw new ConnectionError(`The server could not be reached, or broke off: ${wordsOf(error)}`, { cause: error });
    } finally {
      clearTimeout(timer);
      if (!isStream) released();
    }
  }

  async function run<T>(call: Call<T>): Promise<WithResponse<T>> {
    const policy = policyOf(call.options);
    const headers = new Headers({ accept: "*/*", ...call.headers, ...call.options?.headers });
    if (call.json !== undefined) headers.set("content-type", "application/json");
    const { idempotencyKey } = call.options ?? {};
    if (call.creates || idempotencyKey !== undefined) {
      headers.set("idempotency-key", idempotencyKey ?? crypto.randomUUID());
    }
    const body = call.form ?? (call.json === undefined ? null : JSON.stringify(call.json));
    const request = { url: baseUrl + call.path + queryOf(call.query), body, headers };
    for (let failures = 1; ; failures++) {
      // Errors of the caller's own function are no failures of ours.
      for (const [name, value] of Object.entries(await credentials())) headers.set(name, value);
      try {
        return await attempt(call, request);
      } catch (error) {
        const delayMs = retryDelayMs(error, failures, policy);
        if (delayMs === null) throw error;
        const { method, path } = call;
        onRetry?.({ retry: failures, delayMs, error: error as RetryEvent["error"], method, path });
        await pause(delayMs, call.options?.signal);
      }
    }
  }

  return { send: (call) => new ApiPromise(run(call)), policyOf };
}

async function refusalOf(response: Response): Promise<QRFactoryError> {
  if (response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400)) {
    return new QRFactoryError(`${response.url} leads elsewhere; is baseUrl the address of the service itself?`);
  }
  const retryAfter = readRetryAfter(response.headers.get("retry-after"), Date.now());
  return errorOf(response, await response.text(), retryAfter);
}

/** The innermost words of a failed fetch: what it says itself is "fetch failed". */
function wordsOf(error: unknown): string {
  const { cause, message } = (error ?? {}) as { cause?: unknown; message?: unknown };
  if (cause) return wordsOf(cause);
  return typeof message === "string" && message !== "" ? message : String(error);
}

/** `?a=1&b=x,y`; what is undefined or null is left out. */
export function queryOf(query: Query = {}): string {
  const given = Object.entries(query).flatMap(([name, value]): [string, string][] => {
    if (value === undefined || value === null) return [];
    return [[name, value instanceof Date ? value.toISOString() : String(value)]];
  });
  return given.length > 0 ? `?${new URLSearchParams(given)}` : "";
}

/** Reads a JSON body. One that ends too early is a connection that broke; another kind of body is not our service. */
export async function readJson<T>(response: Response): Promise<T> {
  const text = await response.text();
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    if (/\bjson\b/.test(response.headers.get("content-type") ?? "")) {
      throw new ConnectionError("The answer ended too early.", { cause });
    }
    throw new QRFactoryError(`${response.url} answered with something else than JSON; check baseUrl.`, { cause });
  }
}

/** Reads an empty body to its end, so that the connection is free again. */
export async function readNothing(response: Response): Promise<void> {
  await response.arrayBuffer();
}
