import type { Fraction } from "../plan/types";
import type { Seat } from "./seats";

/** Thresholds and delays of one plan class; seconds. A voting period of zero makes the class unavailable. */
export interface ClassPolicy {
  approval: Fraction;
  quorum: Fraction;
  minVoters: number;
  votingPeriod: number;
  delay: number;
  integrityAttestations: number;
  simulationAttestations: number;
  /** Maintainers that must sign the node artifact's hash, where a plan has one. */
  artifactAttestations: number;
  auditAttestations: number;
  /** Seconds between the end of a rehearsal on another network and the proposal, at least; zero: none is needed. */
  rehearsalAge: number;
  rehearsalAttestations: number;
}

/** The emergency body; seconds. */
export interface CouncilConfig {
  members: string[];
  haltThreshold: number;
  liftThreshold: number;
  vetoThreshold: number;
  rollbackThreshold: number;
  haltDuration: number;
  haltBudget: number;
  /** Approvals that an Emergency plan needs of the council before it can be scheduled. */
  coSignThreshold: number;
  /** Vetoes until governance refills them. */
  vetoBudget: number;
  /** Approvals that tightening a canary needs of the council. */
  pauseThreshold: number;
}

export type ClassName = "standard" | "critical" | "emergency";

/** An ERC-5805 token whose delegates vote. */
export interface TokenElectorate {
  token: string;
  /** Its smallest units that make one unit of power. */
  tokenUnit: bigint;
}

/** Everything a registry starts with. */
export interface RegistryParameters {
  roles: {
    release: string[];
    risk: string[];
    incident: string[];
    attesters: string[];
    maintainers: string[];
    auditors: string[];
  };
  policies: Record<ClassName, ClassPolicy>;
  council: CouncilConfig;
  /** Share of total power that one seat may exert, in plans of every class that `maxPowerOf` does not name. */
  maxPower: Fraction;
  maxPowerOf?: Partial<Record<ClassName, Fraction>>;
  /** Empty where a token's delegates vote. */
  seats: Seat[];
  token?: TokenElectorate;
  /** What one unit of power is, in at most 31 bytes. */
  unit?: string;
  /** An existing timelock that will make the registry its proposer, canceller and executor. Absent: deploy one. */
  timelock?: string;
  /** Seconds; of the timelock to deploy. */
  timelockMinDelay: number;
  /** Who may start a recovery through the timelock to deploy. Absent: nobody. */
  recoveryOwner?: string;
}

/** A class that no plan may use. */
export const UNAVAILABLE: ClassPolicy = {
  approval: { numerator: 0, denominator: 0 },
  quorum: { numerator: 0, denominator: 0 },
  minVoters: 0,
  votingPeriod: 0,
  delay: 0,
  integrityAttestations: 0,
  simulationAttestations: 0,
  artifactAttestations: 0,
  auditAttestations: 0,
  rehearsalAge: 0,
  rehearsalAttestations: 0,
};
