// The frame of every main.ts: refuse a wrong configuration in plain words, and end a process that cannot start.
import { ConfigError } from "./config.js";
import { EvictingRedisError } from "./redis.js";

/** Exit code for a configuration that a person must change: a supervisor need not try again at once. */
const configExitCode = 78; // EX_CONFIG of sysexits.h

/**
 * Runs `main`; on an error the process ends. A mistake in the configuration is printed as it is, any other error with
 * its stack.
 */
export function start(main: () => Promise<void>): void {
  main().catch((error: unknown) => {
    if (error instanceof ConfigError || error instanceof EvictingRedisError) {
      console.error(error.message);
      process.exit(configExitCode);
    }
    console.error(error);
    process.exit(1);
  });
}
