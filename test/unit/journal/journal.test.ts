import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { SlipwayError } from "../../../src/errors";
import { historyOf } from "../../../src/journal/history";
import { appendJournal, openSending, readJournal, type JournalEntry } from "../../../src/journal/journal";

const FROM = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const stamp = { verb: "schedule", at: 1_700_000_000, from: FROM, nonce: 7 };
const sending: JournalEntry = { kind: "sending", ...stamp, to: FROM, dataHash: `0x${"11".repeat(32)}`, block: 5 };
const sent: JournalEntry = { kind: "sent", ...stamp, hash: `0x${"22".repeat(32)}` };
const confirmed: JournalEntry = {
  kind: "confirmed",
  ...stamp,
  hash: `0x${"22".repeat(32)}`,
  block: 6,
  gasUsed: "21000",
  isOk: true,
};
const note: JournalEntry = { kind: "note", verb: "note", at: 1, text: "Räumung – 完了" };

describe("journal", () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "slipway-journal-"));
    path = join(folder, "plans", "one.jsonl");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("JRN-01 reads back what was appended, in order, and makes the folders it needs", () => {
    for (const entry of [sending, sent, confirmed, note]) appendJournal(path, entry);
    expect(readJournal(path)).to.deep.equal({ entries: [sending, sent, confirmed, note], tornBytes: 0 });
  });

  it("JRN-02 leaves out a last line that was cut short at any byte, and the next append removes it", () => {
    appendJournal(path, sending);
    const before = readFileSync(path).length;
    appendJournal(path, note);
    const whole = readFileSync(path);
    for (let length = before; length < whole.length; ++length) {
      writeFileSync(path, whole);
      truncateSync(path, length);
      expect(readJournal(path), `cut at byte ${length}`).to.deep.equal({
        entries: [sending],
        tornBytes: length - before,
      });
      appendJournal(path, sent);
      expect(readJournal(path), `appended after a cut at byte ${length}`).to.deep.equal({
        entries: [sending, sent],
        tornBytes: 0,
      });
    }
  });

  for (const [name, line] of [
    ["text", "oops"],
    ["JSON that is no entry", "[1, 2]"],
    ["an empty line", ""],
  ] as const) {
    it(`JRN-03 refuses a journal with ${name} in the middle, and names the line`, () => {
      appendJournal(path, sending);
      appendFileSync(path, `${line}\n`);
      appendFileSync(path, `${JSON.stringify(sent)}\n`);
      const thrown = catchError(() => readJournal(path));
      expect(thrown.errorName).to.equal("JournalDamaged");
      expect(thrown.facts).to.include({ where: `${path}:2`, found: line });
    });
  }

  it("JRN-04 knows a sending as open until it is confirmed or abandoned", () => {
    const abandoned: JournalEntry = { kind: "abandoned", ...stamp, reason: "never broadcast" };
    expect(openSending([])).to.equal(undefined);
    expect(openSending([sending])).to.deep.include({ nonce: 7, hash: undefined });
    expect(openSending([sending, note, sent])).to.deep.include({ nonce: 7, hash: `0x${"22".repeat(32)}` });
    expect(openSending([sending, sent, confirmed])).to.equal(undefined);
    expect(openSending([sending, abandoned])).to.equal(undefined);
    expect(openSending([sending, abandoned, { ...sending, nonce: 8 }])).to.deep.include({ nonce: 8 });
  });

  it("JRN-05 rebuilds what was done from the entries", () => {
    const retry = { ...sending, nonce: 8 };
    const steps = historyOf([sending, { kind: "abandoned", ...stamp, reason: "lost" }, note, retry, sent, confirmed]);
    expect(steps.map(({ nonce, outcome, gasUsed }) => ({ nonce, outcome, gasUsed }))).to.deep.equal([
      { nonce: 7, outcome: "abandoned", gasUsed: undefined },
      { nonce: 8, outcome: "confirmed", gasUsed: 21000n },
    ]);
  });
});

function catchError(run: () => unknown): SlipwayError {
  try {
    run();
  } catch (thrown) {
    if (thrown instanceof SlipwayError) return thrown;
    throw thrown;
  }
  throw new Error("nothing was thrown");
}
