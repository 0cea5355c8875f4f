// Work that comes in heaps, done a little in each turn of the event loop, so that other work goes on between.

/** Makes the function that takes work and does `perTurn` pieces of it in each turn, in the order in which they came. */
export function makeInTurns(perTurn: number): (work: () => void) => void {
  let waiting: (() => void)[] = [];

  function doSome(): void {
    const some = waiting.slice(0, perTurn);
    waiting = waiting.slice(perTurn);
    if (waiting.length > 0) setImmediate(doSome);
    for (const work of some) work();
  }

  return (work) => {
    if (waiting.push(work) === 1) setImmediate(doSome);
  };
}
