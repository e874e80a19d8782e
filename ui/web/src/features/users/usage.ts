/** The windows of a limit-usage answer in the order of the table. Pure. */
import type { LimitFields, LimitUsage, LimitWindow } from '@/api/types';

export const windowKeys = ['5h', 'day', 'week', 'month', 'total', 'sessions'] as const;
export type WindowKey = (typeof windowKeys)[number];

/** The API's limit types by window; older names are understood too. */
const types: Record<WindowKey, string[]> = {
  '5h': ['usd_5h', '5h'],
  day: ['daily_quota', 'usd_daily', 'daily'],
  week: ['usd_weekly', 'weekly'],
  month: ['usd_monthly', 'monthly'],
  total: ['usd_total', 'total'],
  sessions: ['concurrent_sessions', 'sessions'],
};

const fields: Record<WindowKey, keyof LimitFields> = {
  '5h': 'limit5hUsd',
  day: 'dailyLimitUsd',
  week: 'limitWeeklyUsd',
  month: 'limitMonthlyUsd',
  total: 'limitTotalUsd',
  sessions: 'limitConcurrentSessions',
};

export interface WindowUsage {
  key: WindowKey;
  used: number | undefined;
  limit: number | undefined;
  resetAt: string | undefined;
}

export function windowOf(limitType: string): WindowKey | undefined {
  return windowKeys.find((key) => types[key].includes(limitType));
}

function usedOf(window: LimitWindow | undefined): number | undefined {
  return window?.usedUsd ?? window?.used;
}

/** Six windows: what is used as far as it is known, the limit from the entity if the usage has none. */
export function windows(entity: LimitFields, usage: LimitUsage | null | undefined): WindowUsage[] {
  return windowKeys.map((key) => {
    const window = usage?.windows.find((candidate) => types[key].includes(candidate.limitType));
    return {
      key,
      used: usedOf(window),
      limit: window?.limit ?? entity[fields[key]] ?? undefined,
      resetAt: window?.resetAt ?? undefined,
    };
  });
}

/** The window that refuses next, if one is used up already. */
export function exhausted(list: readonly WindowUsage[]): WindowUsage | undefined {
  return list.find((window) => window.limit !== undefined && window.limit > 0 && (window.used ?? 0) >= window.limit);
}
