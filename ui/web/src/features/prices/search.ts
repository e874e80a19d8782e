import { textParam, withoutUndefined } from '@/lib/search';

/** The state of the price list that lives in the address. */
export interface PriceSearch {
  q?: string;
  vendor?: string;
  source?: Source;
  inUse?: true;
  sort?: SortKey;
  order?: 'asc' | 'desc';
  page?: number;
  /** "new", or the model whose form is open. */
  edit?: string;
}

export const sources = ['seed', 'cloud', 'manual'] as const;
export type Source = (typeof sources)[number];

export const sortKeys = ['name', 'input', 'output', 'updated'] as const;
export type SortKey = (typeof sortKeys)[number];

export function readPriceSearch(search: Record<string, unknown>): PriceSearch {
  const result: PriceSearch = {};
  for (const name of ['q', 'vendor', 'edit'] as const) result[name] = textParam(search[name]);
  result.source = sources.find((source) => source === search.source);
  result.sort = sortKeys.find((key) => key === search.sort);
  if (search.order === 'asc' || search.order === 'desc') result.order = search.order;
  if (search.inUse === true || search.inUse === 'true' || search.inUse === 1) result.inUse = true;
  const page = Number(search.page);
  if (Number.isInteger(page) && page > 1) result.page = page;
  return withoutUndefined(result);
}
