// The shape of an attack: a row of the table, data and one function that makes it and checks the promises.
import type { StackNeeds } from "./result.js";
import type { Stage } from "./stage/stage.js";

/** An attack as a row of the table. */
export type Row = {
  /** As on the command line. */
  name: string;
  /** The attack, for the table. */
  attack: string;
  /** The stack that the row must have to itself, because it kills, freezes or searches it; else any will do. */
  own?: StackNeeds;
  /** Whether the row needs a network of its own; see namespace.ts. */
  isInNamespace?: boolean;
  /** Why the row cannot be run here; null when it can. */
  unless?: () => string | null;
  /** Makes the attack. An error is a broken promise, too. */
  run(stage: Stage): Promise<void>;
};
