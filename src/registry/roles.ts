import { id } from "ethers";
import type { Client } from "../client";
import type { ActKind } from "../emergency/acts";
import type { Registry } from "./connect";
import { registryLogs } from "./registryLogs";
import { ROLES, type RoleName } from "./roleIds";

export interface RolesReport {
  timelock: string;
  roles: Record<RoleName, string[]>;
  council: { members: string[]; epoch: number; need: Record<ActKind, number> };
}

/** Who holds which role: candidates from the events, each asked of the chain. */
export async function readRoles(client: Client, registry: Registry): Promise<RolesReport> {
  const granted = await registryLogs(client, registry, "RoleGranted");
  const roles = {} as Record<RoleName, string[]>;
  for (const name of ROLES) {
    const role = id(name);
    const seen = [
      ...new Set(granted.filter(({ args }) => args["role"] === role).map(({ args }) => String(args["account"]))),
    ];
    const held = await Promise.all(seen.map((account) => registry.contract.getFunction("hasRole")(role, account)));
    roles[name] = seen.filter((_account, index) => held[index] === true);
  }
  const [config, epoch] = await registry.contract.getFunction("councilOf")();
  return {
    timelock: await registry.contract.getFunction("timelock")(),
    roles,
    council: {
      members: [...config.members],
      epoch: Number(epoch),
      need: {
        halt: Number(config.haltThreshold),
        lift: Number(config.liftThreshold),
        veto: Number(config.vetoThreshold),
        rollback: Number(config.rollbackThreshold),
        stop: Math.max(Number(config.haltThreshold), Number(config.vetoThreshold)),
        coSign: Number(config.coSignThreshold),
        pause: Number(config.pauseThreshold),
      },
    },
  };
}
