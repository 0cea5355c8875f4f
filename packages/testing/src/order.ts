// Order in the place of time: what is to be quick comes before something that is known to be slow. Both wait in one
// process, so a busy machine holds up both.

/** The name of the promise that is settled first, whether it is fulfilled or rejected. */
export function firstSettled(named: Record<string, Promise<unknown>>): Promise<string> {
  const settled = Object.entries(named).map(([name, promise]) =>
    promise.then(
      () => name,
      () => name,
    ),
  );
  return Promise.race(settled);
}
