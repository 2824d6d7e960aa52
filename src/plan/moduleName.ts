import { decodeBytes32String } from "ethers";

/** A word as a name; the word itself where it is no ASCII text. */
export function moduleName(word: string): string {
  try {
    return decodeBytes32String(word);
  } catch {
    return word;
  }
}
