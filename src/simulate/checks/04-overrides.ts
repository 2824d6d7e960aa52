import type { Override } from "../types";
import { concluding, fail, pass, type Subject, type SubjectEvidence } from "./types";

export const overrides = concluding<SubjectEvidence, Subject>(
  {
    number: 4,
    id: "overrides",
    name: "the only cheats are actors without their keys, their gas money, and the clock",
  },
  ({ overrides: used, notes }) => {
    const modules = new Set(notes.initial.map(({ account }) => account.toLowerCase()));
    const touching = used.filter((entry) => "account" in entry && modules.has(entry.account.toLowerCase()));
    const count = (kind: Override["kind"]) => used.filter((entry) => entry.kind === kind).length;
    const seconds = used.reduce((sum, entry) => sum + (entry.kind === "time" ? entry.seconds : 0), 0);
    const mined = used.reduce((sum, entry) => sum + (entry.kind === "blocks" ? entry.count : 0), 0);
    const evidence = [
      `${count("impersonation")} accounts impersonated, ${count("balance")} funded, ${mined === 0 ? "" : `${mined} blocks mined, `}${seconds} s waited`,
      ...touching.map((entry) => `touches a module: ${"account" in entry ? entry.account : ""}`),
    ];
    return touching.length === 0
      ? pass(...evidence)
      : fail(evidence, "a module of the plan takes part in its own upgrade: rehearse it by hand");
  },
);
