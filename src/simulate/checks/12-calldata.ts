import { readCalldata } from "../../plan/readCalldata";
import { planCalls } from "../planCalls";
import { concluding, pass, warn, type Subject, type SubjectEvidence } from "./types";

export const calldata = concluding<SubjectEvidence, Subject>(
  { number: 12, id: "calldata", name: "every byte of every call is read, and so are the calls inside calls" },
  ({ plan, built }) => {
    const calls = planCalls(plan);
    const read = calls.map(({ where, call }) => readCalldata(call.data, built.abis.known, where));
    const unknown = read.flatMap((one) => one.unknown);
    const functions = read.flatMap((one) => one.functions);
    const plain = calls.filter(({ call }) => call.data === "0x").length;
    const evidence = [
      `${calls.length} calls, ${functions.length} functions read, inner ones too: ${[...new Set(functions)].join(", ")}`,
      ...(plain === 0 ? [] : [`${plain} plain transfers`]),
      ...unknown,
    ];
    return unknown.length === 0
      ? pass(...evidence)
      : {
          ...warn(evidence, "name the functions in the plan file, so that voters read them; do not vote for bytes"),
          unexplained: unknown,
        };
  },
);
