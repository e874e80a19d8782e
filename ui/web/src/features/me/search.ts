/** The state of the page of one's own usage that lives in the address. */
import { addDays, dayOf, startOfDay } from '@/lib/day';
import { textParam, withoutUndefined } from '@/lib/search';

export const ranges = ['24h', '7d', '30d'] as const;
export type Range = (typeof ranges)[number];
export const DEFAULT_RANGE = '7d' satisfies Range;

export const metrics = ['cost', 'requests', 'tokens'] as const;
export type Metric = (typeof metrics)[number];

/** Whose usage: of all keys of the user, or of the key one is signed in with. */
export const scopes = ['user', 'key'] as const;
export type Scope = (typeof scopes)[number];

/** Statuses to choose from; the API takes any other one too. */
export const statusChoices = ['200', '4xx', '429', '5xx', 'non-200'] as const;

/** Left out is what is shown without a word: the spend of a week, of all keys as far as one may see them. */
export interface MeSearch {
  range?: Exclude<Range, typeof DEFAULT_RANGE>;
  scope?: Exclude<Scope, 'user'>;
  metric?: Exclude<Metric, 'cost'>;
  model?: string;
  status?: string;
}

function known<T extends string, D extends T>(list: readonly T[], value: unknown, unsaid: D): Exclude<T, D> | undefined {
  return list.find((item): item is Exclude<T, D> => item === value && item !== unsaid);
}

/** A status as the API filters by it: "200", "4xx" or "non-200". */
const status = (value: unknown): string | undefined => (typeof value === 'string' && /^(?:non-)?[1-5](?:\d\d|xx)$/.test(value) ? value : undefined);

/** Reads a query string; what is unknown or malformed is left out, defaults too. */
export function readMeSearch(search: Record<string, unknown>): MeSearch {
  return withoutUndefined({
    range: known(ranges, search.range, DEFAULT_RANGE),
    scope: known(scopes, search.scope, 'user'),
    metric: known(metrics, search.metric, 'cost'),
    model: textParam(search.model),
    status: status(search.status),
  });
}

const HOUR = 3_600_000;
const days: Record<Exclude<Range, '24h'>, number> = { '7d': 7, '30d': 30 };

export interface Span {
  /** RFC 3339; the end is now. */
  from: string;
  bucket: 'hour' | 'day';
}

/** A range as the API asks for it: the last whole hours, or days of the zone of which the last is today. */
export function spanOf(range: Range, now: number, zone?: string): Span {
  if (range === '24h') return { from: new Date(Math.floor(now / HOUR) * HOUR - 23 * HOUR).toISOString(), bucket: 'hour' };
  return { from: new Date(startOfDay(addDays(dayOf(now, zone), 1 - days[range]), zone)).toISOString(), bucket: 'day' };
}
