// The banner when the stack is up: its address, the demo account, and one command that makes an image.
import type { StackFile } from "../stack/stack-file.js";

/** The text, ready to print. */
export function banner(stack: StackFile, options: { dataDirectory: string; seconds: number }): string {
  const { gateway, demo } = stack;
  return `
  QRFactory is running (${options.seconds.toFixed(1)} s)

  API       ${gateway}
  Status    ${gateway}/api/status/
  Demo      ${demo.email}  ${demo.password}
  API key   ${demo.api_key}

  Make an image:

    curl -sS ${gateway}/api/v1/generate/ -H 'X-Api-Key: ${demo.api_key}' \\
      -H 'Content-Type: application/json' -d '{"data":"https://example.com"}' -o qr.png

  Everything is in ${options.dataDirectory} (stack.json says where; logs/ has a file for each process, mails/ one
  for each mail that would have been sent).
  Ctrl-C stops all of it and keeps the data.
`;
}
