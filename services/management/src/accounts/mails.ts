// The mails about accounts. Each carries one token, which proves that the mailbox is its holder's.
import type { Role } from "@qrfactory/domain/access/roles";
import type { Mail } from "../mail.js";

type TokenMail = { to: string; token: string; apiUrl: string };

/** Purposes of a token: the name under which the account page finds it, and the address that takes it. */
type Purpose = { name: "invitation" | "reset" | "verify"; path: string };

const invitation: Purpose = { name: "invitation", path: "/api/v1/auth/invitations/accept/" };
const reset: Purpose = { name: "reset", path: "/api/v1/auth/password/reset/" };
const verify: Purpose = { name: "verify", path: "/api/v1/auth/verify/" };

/**
 * A text that ends in a link to the account page. The token is behind the `#`, which browsers send to nobody, so that
 * it stands in no log and no `Referer`.
 */
const textWith = ({ name, path }: Purpose, { token, apiUrl }: TokenMail, words: string) => `${words}

  ${apiUrl}/account/#${name}=${token}

The link works once. A program sends what follows "${name}=" as "token" to POST ${apiUrl}${path}
`;

/** Content of the mail that invites to a workspace. */
export type InvitationMail = TokenMail & {
  workspace: string;
  role: Role;
  /** Address of who invites. */
  inviter: string;
};

const article = (role: Role) => (/^[aeiou]/.test(role) ? "an" : "a");

/** Invites somebody to a workspace. */
export function invitationMail(mail: InvitationMail): Mail {
  const [workspace, inviter] = [oneLine(mail.workspace), oneLine(mail.inviter)];
  const words = `${inviter} invites you to the workspace ${workspace} as ${article(mail.role)} ${mail.role}.
Whoever does not know them does nothing. For seven days this page accepts:`;
  return {
    to: mail.to,
    subject: `You are invited to ${workspace} by ${inviter}`,
    text: textWith(invitation, mail, words),
  };
}

/** Lets somebody who forgot it set a new password. */
export function resetMail(mail: TokenMail): Mail {
  const words = `Somebody, hopefully you, asked for a new password. If it was not you, do nothing.
For one hour this page sets another:`;
  return { to: mail.to, subject: "A new password", text: textWith(reset, mail, words) };
}

/** Asks whether the address of a new account is its owner's. */
export function verificationMail(mail: TokenMail): Mail {
  const words = `An account was made with this address. If it was not you, do nothing.
For one day this page confirms that the address is yours:`;
  return { to: mail.to, subject: "Is this your address?", text: textWith(verify, mail, words) };
}

/** A name that somebody chose: no line breaks, so that it cannot add lines to a mail. */
const oneLine = (text: string) => text.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, " ");
