// What a row of the table needs, and what is written into it.

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
