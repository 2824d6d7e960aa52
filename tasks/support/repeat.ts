import { SlipwayError } from "../../src/errors";

/** True once the process was asked to stop: the step at hand is finished first. */
export function stopSignal(): () => boolean {
  let isStopped = false;
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => (isStopped = true));
  return () => isStopped;
}

/** Waits, but not past the moment at which the process was asked to stop. */
export async function pause(seconds: number, isStopped: () => boolean): Promise<void> {
  for (let waited = 0; waited < seconds && !isStopped(); ++waited) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

/** `--every`. */
export function secondsOf(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new SlipwayError("OptionInvalid", { where: "--every", expected: "a number of seconds", found: text });
}
