// States that have names: which one may follow which. A part of a process that changes in a way that nobody thought of
// is stopped there and then, not when its figures are wrong.

/** For each state those that may follow it. */
export type StateChanges<State extends string> = Readonly<Record<State, readonly State[]>>;

/** Checks a change of state and returns the new one; staying is no change. Throws for one that is not in the table. */
export function changeState<State extends string>(changes: StateChanges<State>, from: State, to: State): State {
  if (from !== to && !changes[from].includes(to)) throw new Error(`${from} cannot become ${to}.`);
  return to;
}
