// Races and loopholes of people: owners, passwords, roles, orders that are cancelled twice.
import { createHash, randomBytes } from "node:crypto";
import type { Row } from "../row.js";
import { type Answer, expectStatus, jsonOf } from "../stage/client.js";
import type { Stage } from "../stage/stage.js";

type Member = { id: string; user_id: string; role: string };

const heirs = 4;

const transfers: Row = {
  name: "transfers",
  attack: `${heirs} ownership transfers of one workspace at once`,
  async run(stage) {
    const { people, client } = stage;
    const owner = await people.signUp("agency");
    const others = await Promise.all(Array.from({ length: heirs }, () => people.signUp()));
    for (const other of others) await people.join(other, owner.workspaceId, "admin");
    const members = async (asUser = owner.asUser) =>
      jsonOf<{ results: Member[] }>(expectStatus(await client.send({ url: "/api/v1/members/", headers: asUser }), 200))
        .results;
    const ids = (await members()).filter(({ user_id }) => user_id !== owner.userId).map(({ id }) => id);
    const url = (id: string) => `/api/v1/members/${id}/transfer/`;
    await Promise.all(ids.map((id) => stage.attack({ url: url(id), headers: owner.asUser, json: {} })));
    const owners = (await members()).filter(({ role }) => role === "owner").length;
    stage.saw(`${owners} owners afterwards`);
    stage.promise(owners === 1, `the workspace has ${owners} owners`);
  },
};

const tokenMs = 60 * 60 * 1_000;

const oldReset: Row = {
  name: "old-reset",
  attack: "a reset token from before a change of the password, used after it",
  async run(stage) {
    const { people, client } = stage;
    const person = await people.signUp();
    // As a mail would bring it: only its hash is kept, so that no look at the mail is needed.
    const token = `smt_${randomBytes(32).toString("base64url")}`;
    const hash = createHash("sha256").update(token).digest();
    await people.db().$executeRaw`INSERT INTO mailed_tokens (token_hash, user_id, purpose, expires_at)
      VALUES (${Uint8Array.from(hash)}, ${person.userId}::uuid, 'reset', ${new Date(Date.now() + tokenMs)})`;
    const password = `changed ${randomBytes(9).toString("base64url")}`;
    const change = { old_password: person.password, password };
    expectStatus(await client.send({ url: "/api/v1/auth/password/", headers: person.asUser, json: change }), 204);
    const json = { token, password: "the password of a thief" };
    const { status } = await stage.attack({ url: "/api/v1/auth/password/reset/", json });
    stage.promise(status === 401, `the token is answered ${status}`);
    const logIn = await client.send({ url: "/api/v1/auth/login/", json: { email: person.email, password } });
    stage.promise(logIn.status === 200, "the new password does not log in any more");
  },
};

const usedBy = async ({ client }: Stage, headers: { "X-Api-Key": string }) =>
  jsonOf<{ used_this_month: number }>(await client.send({ url: "/api/v1/usage/", headers })).used_this_month;

const viewer: Row = {
  name: "viewer-image",
  attack: "a viewer who has images of a code drawn, and one who orders, previews and forgets images",
  async run(stage) {
    const { people, client } = stage;
    const owner = await people.signUp("agency");
    const json = { name: "x", destination_url: "https://example.com" };
    const made = await client.send({ url: "/api/v1/dynamic/", headers: owner.asUser, json });
    const { short_id } = jsonOf<{ short_id: string }>(expectStatus(made, 201));
    const { asUser } = await people.join(await people.signUp(), owner.workspaceId, "viewer");
    for (const format of ["png", "svg", "pdf"]) {
      const { status } = await stage.attack({
        url: `/api/v1/dynamic/${short_id}/image/?format=${format}`,
        headers: asUser,
      });
      stage.promise(status === 403, `a viewer's image is answered ${status}`);
    }
    const items = [{ data: "https://example.com" }];
    const { status } = await stage.attack({ url: "/api/v1/generate/bulk/", headers: asUser, json: { items } });
    stage.promise(status === 403, `a viewer's order is answered ${status}`);
    const used = await usedBy(stage, owner.asKey);
    stage.saw(`${used} credits spent`);
    stage.promise(used === 0, `a viewer spent ${used} credits`);
  },
};

const cancels: Row = {
  name: "cancels",
  attack: "ten cancels of one order at once, five orders",
  async run(stage) {
    const person = await stage.people.signUp("agency");
    for (let round = 0; round < 5; round++) {
      const items = Array.from({ length: 500 }, (_, n) => ({ data: `https://example.com/${round}/${n}`, size: 1_000 }));
      const json = { items, defaults: { pattern: "liquid" } };
      const placed = await stage.client.send({ url: "/api/v1/generate/bulk/", headers: person.asKey, json });
      const { id } = jsonOf<{ id: string }>(expectStatus(placed, 202));
      const cancel = () => stage.attack({ method: "DELETE", url: `/api/v1/bulk/${id}/`, headers: person.asKey });
      const answers: Answer[] = await Promise.all(Array.from({ length: 10 }, cancel));
      const wrong = answers.filter(({ status }) => status !== 204).length;
      stage.promise(wrong === 0, `${wrong} of ten cancels were refused`);
    }
  },
};

/** Rows of races and loopholes between people. */
export const accountRows: Row[] = [transfers, oldReset, viewer, cancels];
