/** The state of the leaderboard that lives in the address. */
import type { ProviderType } from '@/api/types';
import { isDay } from '@/lib/day';
import { providerTypes } from '@/lib/provider-types';
import { textParam, withoutUndefined } from '@/lib/search';

export const scopes = ['user', 'key', 'provider', 'model'] as const;
export type Scope = (typeof scopes)[number];

export const metrics = ['cost', 'requests', 'tokens', 'cacheHitRate'] as const;
export type Metric = (typeof metrics)[number];

export const periods = ['daily', 'weekly', 'monthly', 'allTime', 'custom'] as const;
export type Period = (typeof periods)[number];

/** Left out is what is shown without a word: users, by spend, of today. */
export interface BoardSearch {
  scope?: Exclude<Scope, 'user'>;
  metric?: Exclude<Metric, 'cost'>;
  period?: Exclude<Period, 'daily'>;
  /** An instant in the day, week or month that is looked at; left out is now. */
  at?: string;
  /** First and last day of a custom period. */
  from?: string;
  to?: string;
  type?: ProviderType;
  group?: string;
  /** The row that shows its parts. */
  open?: string;
}

function known<T extends string, D extends T>(list: readonly T[], value: unknown, unsaid: D): Exclude<T, D> | undefined {
  return list.find((item): item is Exclude<T, D> => item === value && item !== unsaid);
}

const instant = (value: unknown): string | undefined => (typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? value : undefined);

/** Reads a query string; what is unknown or malformed is left out, defaults too. */
export function readBoardSearch(search: Record<string, unknown>): BoardSearch {
  const period = known(periods, search.period, 'daily');
  const ofDays = period === 'custom';
  return withoutUndefined({
    scope: known(scopes, search.scope, 'user'),
    metric: known(metrics, search.metric, 'cost'),
    period,
    at: ofDays || period === 'allTime' ? undefined : instant(search.at),
    from: ofDays && isDay(search.from) ? search.from : undefined,
    to: ofDays && isDay(search.to) ? search.to : undefined,
    type: providerTypes.find((type) => type === search.type),
    group: textParam(search.group),
    open: textParam(search.open),
  });
}
