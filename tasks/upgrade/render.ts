import { existsSync, writeFileSync } from "node:fs";
import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { SlipwayError } from "../../src/errors";
import { htmlOf } from "../../src/report/rehearsal/html";
import { junitOf } from "../../src/report/rehearsal/junit";
import { markdownOf } from "../../src/report/rehearsal/markdown";
import { notesPage } from "../../src/report/rehearsal/notesPage";
import { rehearsalPage } from "../../src/report/rehearsal/rehearsalPage";
import { terminalOf } from "../../src/report/rehearsal/terminal";
import { readReport, type ReadReport } from "../../src/simulate/readReport";
import { choiceOf, type OutputArgs } from "../support/options";
import { runTask } from "../support/runTask";

interface RenderArgs extends OutputArgs {
  report: string;
  form: string;
  write?: string;
}

const FORMS: Record<string, (read: ReadReport, command: string) => string> = {
  text: ({ report }) => `${terminalOf(report)}\n`,
  markdown: ({ report, reportHash }, command) => markdownOf(rehearsalPage(report, { reportHash, command })),
  html: ({ report, reportHash }, command) => htmlOf(rehearsalPage(report, { reportHash, command })),
  junit: ({ report }) => junitOf(report),
  notes: ({ report, reportHash }) => markdownOf(notesPage(report, reportHash)),
};

export const action = (args: RenderArgs, hre: HardhatRuntimeEnvironment): Promise<void> =>
  runTask(hre, args, () => {
    const form = choiceOf("form", args.form, Object.keys(FORMS));
    if (args.write !== undefined && existsSync(args.write)) {
      throw new SlipwayError("FileExists", { where: "--write", expected: "a new file", found: args.write });
    }
    const read = readReport(args.report);
    const command = `npx hardhat upgrade simulate FILE --block ${read.report.provenance.block}`;
    const content = FORMS[form]!(read, command);
    if (args.write !== undefined) writeFileSync(args.write, content);
    const { reportHash } = read;
    return Promise.resolve({
      report: { form, reportHash, ...(args.write === undefined ? { content } : { file: args.write }) },
      text: args.write === undefined ? content.trimEnd() : `written to ${args.write}; report ${reportHash}`,
    });
  });
