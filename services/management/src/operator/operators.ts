// `qrfactory-admin operators …`: who may see what belongs to no workspace.
import { listOperators, setOperator } from "@qrfactory/db/accounts/operators";
import { type Command, type Context, exitDone, UsageError } from "./command.js";

/** `operators list` */
export const listOperatorsCommand: Command = {
  synopsis: "",
  help: "lists the addresses of all operators",
  async run({ db, print }) {
    for (const email of await listOperators(db)) print(email);
    return exitDone;
  },
};

/** `operators add` */
export const addOperatorCommand: Command = {
  synopsis: "EMAIL",
  help: "lets a user see the queues and the orders of all workspaces",
  run: (context, [email]) => change(context, email, true),
};

/** `operators remove` */
export const removeOperatorCommand: Command = {
  synopsis: "EMAIL",
  help: "ends that, from the next request on",
  run: (context, [email]) => change(context, email, false),
};

async function change({ db, actor, print }: Context, email: string | undefined, wanted: boolean): Promise<number> {
  const address = email?.trim().toLowerCase() ?? "";
  if (!address.includes("@")) throw new UsageError(`${email} is no e-mail address.`);
  await setOperator(db, address, wanted, actor);
  print(`${address} is ${wanted ? "an" : "no"} operator`);
  return exitDone;
}
