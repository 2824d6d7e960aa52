import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { compiledAbi, errorsPage } from "../../../scripts/docs/errors";
import { ERRORS } from "../../../src/errors";

const TABLES = "src/errors";

describe("docs/errors.md", () => {
  it("CLI-01 lists every error with its code, exit code and meaning, as the code has them", () => {
    expect(readFileSync("docs/errors.md", "utf8")).to.equal(errorsPage(compiledAbi));
  });

  it("CLI-02 gives every error a code of its own", () => {
    const codes = Object.values(ERRORS).map((entry) => entry.code);
    expect(new Set(codes).size).to.equal(codes.length);
    // An error of one table would hide one of the same name in another.
    const written = readdirSync(TABLES).map(
      (file) => readFileSync(join(TABLES, file), "utf8").match(/"SLIP-\d+"/g) ?? [],
    );
    expect(written.flat().length).to.equal(codes.length);
  });
});
