// A workspace with many codes for benchmarks of the API.
import type { Db } from "@qrfactory/db/client";

/**
 * Signs up, of the plan enterprise, has `insertCodes` fill the table, and makes a key, which lasts longer than a login.
 */
export async function makeWorkspace(db: Db, url: string, insertCodes: (workspaceId: string) => Promise<unknown>) {
  async function post<Answer>(path: string, body: object, headers = {}): Promise<Answer> {
    const response = await fetch(url + path, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Answer;
  }
  const person = { email: "bench@example.com", password: "a password for benchmarks", workspace_name: "Benchmark" };
  const session = await post<{ workspace: { id: string }; access_token: string }>("/api/v1/auth/signup", person);
  const workspaceId = session.workspace.id;
  await db.$executeRaw`UPDATE workspaces SET plan = 'enterprise' WHERE id = ${workspaceId}::uuid`;
  await insertCodes(workspaceId);
  await db.$executeRaw`VACUUM (ANALYZE) dynamic_codes`;
  const authorization = `Bearer ${session.access_token}`;
  const { raw_key } = await post<{ raw_key: string }>("/api/v1/keys", { name: "Bench" }, { authorization });
  return { workspaceId, headers: { "x-api-key": raw_key } };
}
