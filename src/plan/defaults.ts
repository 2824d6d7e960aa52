/** A value that the file left out, as it was filled in. */
export interface FilledDefault {
  key: string;
  value: string;
  /** Why this value. */
  why: string;
}

/** Collects every default, so that none is silent. */
export class Defaults {
  readonly filled: FilledDefault[] = [];

  /** The stated value, or the default, which is then listed. */
  fill<T>(key: string, stated: T | undefined, value: T, why: string, text: string = String(value)): T {
    if (stated !== undefined) return stated;
    this.filled.push({ key, value: text, why });
    return value;
  }
}
