// Times functions against each other so that the ratio can be trusted: in turns within one run, after a warm-up,
// quoting medians. A machine that slows down for a while then slows all of them.

/** A function to be timed. */
export type Contender = {
  name: string;
  run: () => unknown;
};

/** Median time of one call, and how many were timed. */
export type Timing = { name: string; medianMs: number; runs: number };

/** Every contender gets at least this long in all, and this many runs. */
const millisecondsEach = 600;
const runsMin = 7;
const warmUpRuns = 3;

/** Times all contenders in turns and returns them in the order given. */
export async function measure(contenders: Contender[]): Promise<Timing[]> {
  const samples = contenders.map(() => [] as number[]);
  const time = async ({ run }: Contender) => {
    const started = performance.now();
    await run();
    return performance.now() - started;
  };
  for (const contender of contenders) for (let i = 0; i < warmUpRuns; i++) await time(contender);
  const spent = contenders.map(() => 0);
  const isDone = (i: number) => (samples[i] as number[]).length >= runsMin && (spent[i] as number) >= millisecondsEach;
  while (!contenders.every((_, i) => isDone(i))) {
    for (const [i, contender] of contenders.entries()) {
      if (isDone(i)) continue;
      const ms = await time(contender);
      (samples[i] as number[]).push(ms);
      spent[i] = (spent[i] as number) + ms;
    }
  }
  return contenders.map(({ name }, i) => {
    const sorted = (samples[i] as number[]).sort((a, b) => a - b);
    return { name, medianMs: sorted[sorted.length >> 1] as number, runs: sorted.length };
  });
}
