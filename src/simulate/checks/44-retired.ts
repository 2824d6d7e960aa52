import { modulesOf } from "../../plan/moduleOf";
import { stakesOf } from "../stakes";
import { pass, skip, unknown, warn, type CheckKind } from "./types";

/** What nobody upgrades any more is still there: what it holds, and what it may spend, is at risk as before. */
export const retired: CheckKind = {
  number: 44,
  id: "retired",
  name: "no retired module holds value or may spend anybody's",
  isRequired: false,
  begin: () => {
    let modules: string[] = [];
    const left: string[] = [];
    let why: string | undefined;
    return {
      async end({ session, registry }) {
        const found = (await modulesOf(registry)).filter(({ isRetired }) => isRetired);
        modules = found.map(({ name }) => name);
        for (const { name, account } of found) {
          const ether = await session.client.provider.getBalance(account);
          if (ether > 0n) left.push(`${name} at ${account} holds ${ether} wei`);
          const stakes = await stakesOf(session.client, account, session.fork.block).catch((thrown: Error) => {
            why = `logs could not be read: ${thrown.message.slice(0, 120)}`;
            return [];
          });
          for (const { kind, token, holder, amount } of stakes) {
            if (kind === "held") left.push(`${name} at ${account} holds ${amount} of ${token}`);
            if (kind === "allowed") left.push(`${name} at ${account} may spend ${amount} of ${token} for ${holder}`);
          }
        }
      },
      conclude() {
        if (modules.length === 0) return skip("the registry has no retired module");
        if (left.length > 0) {
          return warn(left, "have it emptied, and its users take their allowances back, before the next plan");
        }
        return why === undefined
          ? pass(`${modules.join(", ")}: empty, and allowed nothing, by the logs of late`)
          : unknown([why], "use an endpoint that gives logs");
      },
    };
  },
};
