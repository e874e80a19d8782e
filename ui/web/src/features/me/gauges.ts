/** The limits of a key or a user, as gauges. Pure. */
import type { LimitWindow } from '@/api/types';

/** The order in which they are shown: money from the shortest time on, then what runs at once. */
export const gaugeTypes = ['usd_5h', 'daily_quota', 'usd_weekly', 'usd_monthly', 'usd_total', 'concurrent_sessions', 'concurrent_requests', 'rpm'] as const;

export interface Gauge {
  type: LimitWindow['limitType'];
  /** Dollars, else a count. */
  money: boolean;
  used: number;
  /** Held by requests that still run, in the same unit. */
  reserved: number;
  limit: number | undefined;
  resetAt: string | undefined;
}

function gauge(window: LimitWindow): Gauge {
  return {
    type: window.limitType,
    money: window.usedUsd !== undefined,
    used: window.usedUsd ?? window.used ?? 0,
    reserved: window.reserved,
    limit: window.limit ?? undefined,
    resetAt: window.resetAt ?? undefined,
  };
}

/** Spend in every window; of the other limits only those that are set. */
export function gauges(windows: readonly LimitWindow[]): Gauge[] {
  return gaugeTypes.flatMap((type) => windows.filter((window) => window.limitType === type).map(gauge)).filter(({ money, limit }) => money || limit !== undefined);
}

const DAY = 86_400_000;

/** How a reset is told: by what is left within a day, else by its date; undefined where nothing resets. */
export function resetIn(resetAt: string | undefined, now: number): { left: number } | { at: string } | undefined {
  if (resetAt === undefined) return undefined;
  const left = Date.parse(resetAt) - now;
  return left < DAY ? { left: Math.max(0, left) } : { at: resetAt };
}
