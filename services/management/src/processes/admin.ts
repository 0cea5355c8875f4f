#!/usr/bin/env node
// `qrfactory-admin`: what an operator does from a shell.
import { start } from "@qrfactory/runtime/process";
import { runProgram } from "../operator/program.js";

start(async () => {
  const words = process.argv.slice(2);
  process.exitCode = await runProgram({ words, env: process.env, print: console.log, complain: console.error });
});
