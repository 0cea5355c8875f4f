// The input of a row of the table, and its result.

/** Stack that a row asks for. */
export type StackNeeds = {
  /** Redirect regions; default 1. */
  regions?: number;
  /** Variables of the launcher, which all services are told. */
  env?: Record<string, string>;
};

/** Milliseconds. */
export type Latency = { p50: number; p99: number };

/** Figures of a row, and the promises that it broke. */
export type Result = {
  bytes: number;
  requests: number;
  /** Of others' steady requests: before the attack and during it. */
  rest?: Latency;
  under?: Latency;
  /** The answers to the attacker, and further findings of the row. */
  answer: string;
  broken: string[];
};
