/** The way from a row to the requests it is made of. */
import type { BoardRow } from '@/api/types';
import type { LogSearch, Range } from '@/features/requests/search';
import type { BoardSearch, Period } from './search';

const range: Partial<Record<Period, Range>> = { weekly: '7d', monthly: '30d', allTime: '30d' };

/**
 * A search of the request list, whose ranges all end now: a period of the past
 * has none. Keys have none either, the list does not filter by them.
 */
export function requestsOf(search: BoardSearch, row: Pick<BoardRow, 'id' | 'model'>): LogSearch | undefined {
  if (search.at !== undefined || search.period === 'custom') return undefined;
  const within = { range: range[search.period ?? 'daily'] };
  switch (search.scope) {
    case 'key':
      return undefined;
    case 'model':
      return row.model ? { ...within, model: row.model } : undefined;
    case 'provider':
      return row.id === null ? undefined : { ...within, provider: row.id };
    default:
      return row.id === null ? undefined : { ...within, user: row.id };
  }
}
