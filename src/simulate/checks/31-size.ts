import { dataLength } from "ethers";
import { concluding, fail, pass, skip, warn } from "./types";

/** Bytes of runtime code (EIP-170), and of creation code with its arguments (EIP-3860). */
const LIMITS = { code: 24_576, "creation code": 49_152 };
/** Percent of a limit from which on a fix may not fit any more. */
const NEAR = 95;

export const size = concluding(
  { number: 31, id: "size", name: "every contract fits into its limits, with room for a fix" },
  ({ built }) => {
    if (built.deployments.length === 0) return skip("the plan deploys nothing");
    const found = built.deployments.flatMap(({ contractName, role, code, initCode }) =>
      [["code", code] as const, ["creation code", initCode] as const].map(([what, bytes]) => ({
        what,
        of: `${role} ${contractName}`,
        bytes: dataLength(bytes),
        limit: LIMITS[what],
      })),
    );
    const text = ({ of, what, bytes, limit }: (typeof found)[number]) => `${of}: ${what} of ${bytes} of ${limit} bytes`;
    const over = found.filter(({ bytes, limit }) => bytes > limit);
    const near = found.filter(({ bytes, limit }) => bytes * 100 >= limit * NEAR);
    const evidence = found.map(text);
    if (over.length > 0)
      return fail(evidence, `split it: no chain with the usual limits takes ${over.map(({ of }) => of).join(", ")}`);
    return near.length > 0 ? warn(evidence, "a fix may not fit: split it while there is time") : pass(...evidence);
  },
);
