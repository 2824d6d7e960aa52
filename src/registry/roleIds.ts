import { id } from "ethers";

/** The registry's roles; ids are keccak256 of the names. */
export const ROLES = ["RELEASE", "RISK", "INCIDENT", "ATTESTER", "MAINTAINER", "AUDITOR"] as const;
export type RoleName = (typeof ROLES)[number];

export function roleName(role: string): string {
  return ROLES.find((name) => id(name) === role) ?? role;
}
