declare module "proper-lockfile" {
  export interface LockOptions {
    realpath?: boolean;
    /** Milliseconds after which a lock that was not renewed counts as left behind. */
    stale?: number;
    update?: number;
    retries?: { retries: number; minTimeout: number; maxTimeout: number; factor: number };
    onCompromised?: (error: Error) => void;
  }
  /** Resolves to the function that releases the lock. */
  export function lock(file: string, options?: LockOptions): Promise<() => Promise<void>>;
}
