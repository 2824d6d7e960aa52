/** What the demo prints. One line a step; colours and the running counter only where a person is watching. */
export class Show {
  private readonly started = Date.now();
  private isCounting = false;

  constructor(
    private readonly write: (text: string) => unknown = (text) => process.stdout.write(text),
    private readonly isTty = process.stdout.isTTY === true,
  ) {}

  chapter(number: number, title: string): void {
    this.line(
      `\n${this.bold(`${number}  ${title}`)}  ${this.dim(`${((Date.now() - this.started) / 1000).toFixed(0)} s`)}`,
    );
  }

  line(text: string): void {
    if (this.isCounting) this.write("\r\x1b[K");
    this.isCounting = false;
    this.write(`${text}\n`);
  }

  step(text: string): void {
    this.line(`   ${text}`);
  }

  /** A counter that overwrites itself; silent where output is not a terminal. */
  count(text: string): void {
    if (!this.isTty) return;
    this.write(`\r\x1b[K   ${this.dim(text)}`);
    this.isCounting = true;
  }

  bold(text: string): string {
    return this.isTty ? `\x1b[1m${text}\x1b[0m` : text;
  }

  private dim(text: string): string {
    return this.isTty ? `\x1b[2m${text}\x1b[0m` : text;
  }
}
