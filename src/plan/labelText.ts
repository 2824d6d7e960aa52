/** The text of a stage's label. */
export function labelText(label: string): string {
  return Buffer.from(label.slice(2), "hex").toString("ascii").replace(/\0+$/, "");
}
