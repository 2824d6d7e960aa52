import { isProductionChain, judgeAdmins, moduleAdmins, type AdminFinding } from "../../impact/adminKinds";
import type { CheckKind } from "./types";
import { fail, pass, warn } from "./types";

/** Who may change the plan's modules besides a plan, at the pinned chain's end of the rehearsal (seed row CAL-18). */
export const admins: CheckKind = {
  number: 39,
  id: "admins",
  name: "nobody but the timelock may change a module of the plan",
  isRequired: true,
  begin: () => {
    let findings: AdminFinding[] = [];
    let count = 0;
    return {
      async end({ session, registry, plan, notes }) {
        const { chainId } = await session.client.provider.getNetwork();
        const names = new Set(notes.initial.slice(0, plan.targets.length).map(({ module }) => `module ${module}`));
        const found = (await moduleAdmins(session.client, registry)).filter(({ of }) => names.has(of));
        count = found.length;
        findings = judgeAdmins(found, { isProduction: isProductionChain(chainId) });
      },
      conclude() {
        const evidence = [
          `${count} places of power looked at`,
          ...findings.map(({ why, as, account }) => `${why}: ${as} ${account}`),
        ];
        const [first] = findings;
        if (first === undefined) return pass(...evidence);
        return findings.some(({ status }) => status === "fail")
          ? fail(evidence, first.remedy)
          : warn(evidence, first.remedy);
      },
    };
  },
};
