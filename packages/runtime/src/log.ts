// Structured logs, one JSON object a line. Fields are chosen one by one: no headers, no bodies, no query
// strings, no addresses of people; redaction below is the net under that rule.
import { type DestinationStream, type Logger, type LoggerOptions, pino } from "pino";

/** The log of a process. */
export type Log = Logger;

const secretFields = ["password", "raw_key", "signing_secret", "refresh_token", "access_token", "authorization", "ip"];

/** A logger for one process; `service` stands on every line, and lines go to standard output unless told. */
export function createLog(options: { service: string; level: string }, destination?: DestinationStream): Log {
  const settings: LoggerOptions = {
    level: options.level,
    base: { service: options.service, pid: process.pid },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: secretFields.flatMap((field) => [field, `*.${field}`]), censor: "[secret]" },
  };
  return destination ? pino(settings, destination) : pino(settings);
}
