// Clean-up at the end of this process, however it ends short of a SIGKILL. One listener for all, because
// hundreds of listeners on `process` look like a leak. The last one added runs first: servers go before their folders.

type Undo = () => void;

const undos = new Set<Undo>();
let listening = false;

function runAll(): void {
  for (const undo of [...undos].reverse()) {
    try {
      undo();
    } catch {
      // The process is ending: the other undos matter more than this one's error.
    }
  }
}

/** Runs a synchronous `undo` when the process exits; returns a function that takes it off the list again. */
export function atExit(undo: Undo): () => void {
  if (!listening) {
    listening = true;
    process.once("exit", runAll);
  }
  undos.add(undo);
  return () => void undos.delete(undo);
}
