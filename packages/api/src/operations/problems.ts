// Pages for people about the codes of errors.
import { operationsOf } from "../operation.js";

const page = { 200: { description: "A page.", contentTypes: ["text/html"] } };

/** Operations on problems, by id. */
export const problemOperations = operationsOf(
  { tag: "Problems" },
  {
    listProblems: {
      method: "GET",
      path: "/problems/",
      summary: "Read about all codes of errors",
      access: null,
      answers: page,
      example: {},
    },
    getProblem: {
      method: "GET",
      path: "/problems/{code}/",
      summary: "Read about one code",
      description: "The `type` of an error leads here.",
      access: null,
      answers: page,
      example: {},
    },
  },
);
