// What an attack is: a row of the table, data and one function that makes it and says what has to hold.
import type { Stage } from "./stage.js";

export type Row = {
  /** As on the command line. */
  name: string;
  /** What is done, for the table. */
  attack: string;
  /** The stack that the row must have to itself, because it kills, freezes or searches it; else any will do. */
  own?: StackNeeds;
  /** Whether the row needs a network of its own; see namespace.ts. */
  isInNamespace?: boolean;
  /** Why the row cannot be run here; null when it can. */
  unless?: () => string | null;
  /** Makes the attack. What it throws is a broken promise, too. */
  run(stage: Stage): Promise<void>;
};

export type StackNeeds = {
  /** Redirect regions; default 1. */
  regions?: number;
  /** Variables of the launcher, which all services are told. */
  env?: Record<string, string>;
};

/** Milliseconds. */
export type Latency = { p50: number; p99: number };

export type Result = {
  bytes: number;
  requests: number;
  /** Of others' steady requests: before the attack and during it. */
  rest?: Latency;
  under?: Latency;
  /** What the attacker was answered, and what the row saw besides. */
  answer: string;
  broken: string[];
};
