// The document of the API itself, and the page that shows it.
import { z } from "zod";
import { operationsOf } from "../operation.js";

const unchanged = { 304: { description: "The client has it already." } };

/** Operations of the reference, by id. */
export const referenceOperations = operationsOf(
  { tag: "Reference" },
  {
    getOpenApiJson: {
      method: "GET",
      path: "/api/openapi.json",
      summary: "This document",
      description: "OpenAPI 3.1, made of the declarations that answer requests.",
      access: null,
      answers: { 200: { description: "The document.", schema: z.looseObject({ openapi: z.string() }) }, ...unchanged },
      example: {},
    },
    getOpenApiYaml: {
      method: "GET",
      path: "/api/openapi.yaml",
      summary: "This document as YAML",
      access: null,
      answers: { 200: { description: "The document.", contentTypes: ["application/yaml"] }, ...unchanged },
      example: {},
    },
    getReferencePage: {
      method: "GET",
      path: "/api/docs/",
      summary: "This document as a page",
      access: null,
      answers: { 200: { description: "The page.", contentTypes: ["text/html"] }, ...unchanged },
      example: {},
    },
    getReferenceViewer: {
      method: "GET",
      path: "/api/docs/rapidoc-min.js",
      summary: "The viewer of the page",
      access: null,
      answers: { 200: { description: "The file.", contentTypes: ["text/javascript"] }, ...unchanged },
    },
    getReferenceTheme: {
      method: "GET",
      path: "/api/docs/theme.js",
      summary: "The colours of the page",
      access: null,
      answers: { 200: { description: "The file.", contentTypes: ["text/javascript"] }, ...unchanged },
    },
  },
);
