/** Which filters of the list are shown, and in which order. */
import type { RequestFilter } from '@/api/types';
import type { ListSearch } from '@/lib/list-search';
import { kindOf } from './draft';

/** The order in which filters have their turn. */
const inTurn = (a: RequestFilter, b: RequestFilter) => a.priority - b.priority || a.id - b.id;

function matches(filter: RequestFilter, { q = '', type, state }: ListSearch): boolean {
  const texts = [filter.name, filter.target ?? '', ...filter.operations.map(({ path }) => path)];
  if (!texts.some((text) => text.toLowerCase().includes(q.trim().toLowerCase()))) return false;
  if (type !== undefined && kindOf(filter) !== type) return false;
  return state === undefined || filter.isEnabled === (state === 'enabled');
}

export function listFilters(filters: readonly RequestFilter[], search: ListSearch): RequestFilter[] {
  return filters.filter((filter) => matches(filter, search)).sort(inTurn);
}
