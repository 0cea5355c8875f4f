// npm runs scripts through a shell that does not pass signals on: the end of npm would leave us running unseen.

/** How often we look whether npm is still there. */
const lookEveryMs = 300;

/** Calls back once when npm, having started this process, is gone. Started otherwise, nobody's end concerns us. */
export function onParentEnd(callBack: () => void): void {
  if (!process.env.npm_lifecycle_event) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    callBack();
  }, lookEveryMs);
  timer.unref();
}
