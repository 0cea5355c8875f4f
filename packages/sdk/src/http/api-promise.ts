// The promise of a call: awaited it gives the data, and `withResponse()` the HTTP response beside it.

export type WithResponse<T> = {
  data: T;
  /** Status and headers; its body is read already, unless the data is a stream. */
  response: Response;
};

/** A call under way. */
export class ApiPromise<T> extends Promise<T> {
  readonly #done: Promise<WithResponse<T>>;

  /** What `then` makes of it is an ordinary promise. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  constructor(done: Promise<WithResponse<T>>) {
    // Settled with nothing: `then` speaks for `done`, so that a failure nobody handles is one failure.
    super((resolve) => resolve(undefined as T));
    this.#done = done;
  }

  // biome-ignore lint/suspicious/noThenProperty: a subclass of Promise has one
  override then<Result = T, Rescue = never>(
    fulfilled?: ((data: T) => Result | PromiseLike<Result>) | null,
    rejected?: ((reason: unknown) => Rescue | PromiseLike<Rescue>) | null,
  ): Promise<Result | Rescue> {
    return this.#done.then(({ data }) => data).then(fulfilled, rejected);
  }

  /** The data with the response that brought it. */
  withResponse(): Promise<WithResponse<T>> {
    return this.#done;
  }

  /** The same call with other data, made of its own and its response. */
  map<Other>(make: (data: T, response: Response) => Other): ApiPromise<Other> {
    return new ApiPromise(this.#done.then(({ data, response }) => ({ data: make(data, response), response })));
  }
}
