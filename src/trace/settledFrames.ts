import type { TracedCall, TracedLog } from "./types";

/** Frames whose effects stand: no failure in them, nor around them. The outermost one first. */
export function* settledFrames(call: TracedCall): Generator<TracedCall> {
  if (call.error !== undefined) return;
  yield call;
  for (const inner of call.calls) yield* settledFrames(inner);
}

/** Logs of a transaction, without those that a failure took back; in the order of frames. */
export function settledLogs(root: TracedCall): TracedLog[] {
  return [...settledFrames(root)].flatMap(({ logs }) => logs);
}
