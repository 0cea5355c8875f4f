// The mails about accounts. Each carries one token; whoever has it proves that the mailbox is theirs.
import type { Mail } from "../mail.js";

type TokenMail = { to: string; token: string; apiUrl: string };

const tokenText = (token: string, address: string, until: string) => `${until}

  ${token}

It is accepted, once, by POST ${address}`;

/** Invites somebody to a workspace. */
export function invitationMail({ to, token, apiUrl, workspace }: TokenMail & { workspace: string }): Mail {
  const address = `${apiUrl}/api/v1/auth/invitations/accept/`;
  return {
    to,
    subject: `You are invited to ${oneLine(workspace)}`,
    text: `You are invited to the workspace ${oneLine(workspace)}. ${tokenText(token, address, "This token is valid for seven days:")}`,
  };
}

/** Lets somebody who forgot it set a new password. */
export function resetMail({ to, token, apiUrl }: TokenMail): Mail {
  const address = `${apiUrl}/api/v1/auth/password/reset/`;
  const intro = "Somebody, hopefully you, asked for a new password. If it was not you, do nothing.";
  return {
    to,
    subject: "A new password",
    text: `${intro} ${tokenText(token, address, "This token is valid for one hour:")}`,
  };
}

/** Asks whether the address of a new account is its owner's. */
export function verificationMail({ to, token, apiUrl }: TokenMail): Mail {
  const address = `${apiUrl}/api/v1/auth/verify/`;
  return {
    to,
    subject: "Is this your address?",
    text: `An account was made with this address. ${tokenText(token, address, "This token confirms it and is valid for one day:")}`,
  };
}

/** A name that somebody chose: no line breaks, so that it cannot add lines to a mail. */
const oneLine = (text: string) => text.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, " ");
