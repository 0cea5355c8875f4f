// The password of a dynamic code on its way into a row: hashed as those of accounts are, and never seen again.
import { hashPassword } from "./password.js";

/** The column that a checked body sets: none when it says nothing of a password, null when it removes it. */
export async function passwordColumn(password: string | null | undefined): Promise<{ passwordHash?: string | null }> {
  if (password === undefined) return {};
  return { passwordHash: password === null ? null : await hashPassword(password) };
}
