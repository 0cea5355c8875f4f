// Passwords: argon2id with the parameters that OWASP's Password Storage Cheat Sheet recommends (19 MiB, 2 passes).

import { hash, verify } from "@node-rs/argon2";

/** Algorithm 2 is argon2id in this library's numbering. */
const parameters = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** Made once per process; checked against when there is no such account, so that both refusals take the same time. */
let nobodysHash: Promise<string> | undefined;

/** The PHC string of a password. Takes about 20 ms of a background thread. */
export function hashPassword(password: string): Promise<string> {
  return hash(password, parameters);
}

/** Whether the password belongs to the hash; `null` (no such account) takes as long as a wrong password. */
export async function checkPassword(passwordHash: string | null, password: string): Promise<boolean> {
  if (passwordHash !== null) return verify(passwordHash, password);
  nobodysHash ??= hashPassword("nobody has this password");
  await verify(await nobodysHash, password);
  return false;
}
