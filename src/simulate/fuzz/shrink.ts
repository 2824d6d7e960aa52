/**
 * The shortest sequence that still does it, by removal: halves first, then single calls, until none can go. `isStill` is asked at
 * most `budget` times.
 */
export async function shrink<T>(
  sequence: readonly T[],
  isStill: (candidate: readonly T[]) => Promise<boolean>,
  budget: number,
): Promise<T[]> {
  let shortest = [...sequence];
  let left = budget;
  // The last call is the one after which it was seen.
  for (
    let size = Math.max(1, Math.floor(shortest.length / 2));
    size >= 1;
    size = size === 1 ? 0 : Math.floor(size / 2)
  ) {
    for (let from = 0; from < shortest.length - 1 && left > 0;) {
      const end = Math.min(from + size, shortest.length - 1);
      const without = [...shortest.slice(0, from), ...shortest.slice(end)];
      left -= 1;
      if (await isStill(without)) shortest = without;
      else from = end;
    }
  }
  return shortest;
}
