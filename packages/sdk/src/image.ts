// A drawn image: its bytes, and what the headers of its answer say of it.

/** An image with its figures. */
export class QRImage {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly headers: Headers;

  constructor(bytes: Uint8Array<ArrayBuffer>, headers: Headers) {
    this.bytes = bytes;
    this.headers = headers;
  }

  get contentType(): string {
    return this.headers.get("content-type") ?? "";
  }

  /** 0 to 100, about how much simulated cameras read of it; null with `scan_check: "off"`. */
  get score(): number | null {
    return this.#number("x-qr-scan-score");
  }

  /** Version of the symbol, 1 to 40. */
  get version(): number | null {
    return this.#number("x-qr-version");
  }

  /** The level that was drawn, at least the one that was asked for. */
  get errorCorrection(): string | null {
    return this.headers.get("x-qr-error-correction");
  }

  /** Width in print. */
  get widthMm(): number | null {
    return this.#number("x-qr-width-mm");
  }

  /** `HIT`, `MISS` or `BYPASS`. */
  get cache(): string | null {
    return this.headers.get("x-qr-cache");
  }

  get cacheKey(): string | null {
    return this.headers.get("x-qr-cache-key");
  }

  get plan(): string | null {
    return this.headers.get("x-qr-plan");
  }

  /** Credits left in this month; `Infinity` where the plan has no end. */
  get quotaRemaining(): number | null {
    const left = this.headers.get("x-qr-quota-remaining");
    return left === "unlimited" ? Number.POSITIVE_INFINITY : this.#number("x-qr-quota-remaining");
  }

  /** Of a dynamic code. */
  get shortId(): string | null {
    return this.headers.get("x-qr-short-id");
  }

  /** Of a dynamic code: the address that it holds. */
  get publicUrl(): string | null {
    return this.headers.get("x-qr-public-url");
  }

  blob(): Blob {
    return new Blob([this.bytes], { type: this.contentType });
  }

  stream(): ReadableStream<Uint8Array> {
    return this.blob().stream();
  }

  /** Of an SVG or EPS. */
  text(): string {
    return new TextDecoder().decode(this.bytes);
  }

  #number(name: string): number | null {
    const value = this.headers.get(name);
    return value === null ? null : Number(value);
  }
}

/** Reads an image as a whole: it is small, and one that breaks off is then asked for again. */
export async function readImage(response: Response): Promise<QRImage> {
  return new QRImage(new Uint8Array(await response.arrayBuffer()), response.headers);
}
