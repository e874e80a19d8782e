/** Which time the board is about, and the way to the one before and after it. */
import type { BoardFilter } from '@/api/queries';
import type { Board } from '@/api/types';
import { addDays, dayOf, startOfDay } from '@/lib/day';
import type { BoardSearch, Period } from './search';

const HOUR = 3_600_000;
/** The shortest day, week and month there are, in hours. */
const shortest: Partial<Record<Period, number>> = { daily: 23, weekly: 7 * 24 - 1, monthly: 28 * 24 - 1 };
/** A custom period of which nothing is said: a week that ends today. */
const CUSTOM_DAYS = 7;

/** First and last day of a custom period; what is missing ends today and is a week. */
export function customDays(search: Pick<BoardSearch, 'from' | 'to'>, now: number, zone?: string): { from: string; to: string } {
  const to = search.to ?? (search.from ? addDays(search.from, CUSTOM_DAYS - 1) : dayOf(now, zone));
  return { from: search.from ?? addDays(to, 1 - CUSTOM_DAYS), to };
}

/** The longest custom period that the API sums up, in days. */
const LONGEST = 366;

/** What is wrong with the days of a custom period. */
export function daysFault({ from, to }: { from: string; to: string }): 'order' | 'length' | undefined {
  if (from > to) return 'order';
  return addDays(from, LONGEST) <= to ? 'length' : undefined;
}

/** The search as the API asks for it. */
export function boardFilter(search: BoardSearch, now: number, zone?: string): BoardFilter {
  const filter: BoardFilter = {
    scope: search.scope ?? 'user',
    metric: search.metric ?? 'cost',
    period: search.period ?? 'daily',
    at: search.at,
    providerType: search.type,
    groups: search.group ? [search.group] : undefined,
    expand: search.scope === 'model' ? 'providers' : 'models',
  };
  if (search.period !== 'custom') return filter;
  const { from, to } = customDays(search, now, zone);
  const iso = (day: string) => new Date(startOfDay(day, zone)).toISOString();
  return { ...filter, from: iso(from), to: iso(addDays(to, 1)) };
}

type Span = Pick<Board, 'from' | 'to' | 'previousFrom'>;
type Move = Pick<BoardSearch, 'at' | 'from' | 'to'>;

/** A custom period moved by its own length. */
function shifted(search: BoardSearch, direction: 1 | -1, now: number, zone?: string): Move {
  const { from, to } = customDays(search, now, zone);
  const length = Math.max(1, Math.round((Date.parse(to) - Date.parse(from)) / (24 * HOUR)) + 1);
  return { from: addDays(from, direction * length), to: addDays(to, direction * length) };
}

/** The search of the period before; undefined where there is none. */
export function earlier(search: BoardSearch, shown: Span, now: number, zone?: string): Move | undefined {
  if (search.period === 'custom') return shifted(search, -1, now, zone);
  return shown.previousFrom ? { at: shown.previousFrom } : undefined;
}

/** The search of the period after; undefined where that has not begun. */
export function later(search: BoardSearch, shown: Span, now: number, zone?: string): Move | undefined {
  const end = Date.parse(shown.to);
  if (end > now) return undefined;
  if (search.period === 'custom') return shifted(search, 1, now, zone);
  const hours = shortest[search.period ?? 'daily'];
  if (hours === undefined) return undefined;
  // The current period is said by silence, so that it stays the current one.
  return { at: now < end + hours * HOUR ? undefined : shown.to };
}
