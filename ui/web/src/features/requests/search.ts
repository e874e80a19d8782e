/** The URL state of the request list and its translation into the API's filters. */
import type { LogFilter } from '@/api/queries';
import { textParam, withoutUndefined } from '@/lib/search';

export const ranges = ['15m', '1h', '6h', '24h', '7d', '30d'] as const;
export type Range = (typeof ranges)[number];
export const DEFAULT_RANGE: Range = '24h';

export interface LogSearch {
  q?: string;
  range?: Range;
  status?: string;
  user?: number;
  provider?: number;
  model?: string;
  session?: string;
  errors?: boolean;
  retries?: boolean;
  /** The request whose drawer is open. */
  log?: string;
  tab?: string;
}

const minutes: Record<Range, number> = { '15m': 15, '1h': 60, '6h': 360, '24h': 1440, '7d': 10_080, '30d': 43_200 };

function id(value: unknown): number | undefined {
  const number = Number(value);
  return value !== undefined && value !== '' && Number.isSafeInteger(number) ? number : undefined;
}

const flag = (value: unknown): true | undefined => (value === '1' || value === true ? true : undefined);

/** Reads a query string; what is unknown or malformed is left out, defaults too. */
export function readLogSearch(search: Record<string, unknown>): LogSearch {
  const range = ranges.find((known) => known === search.range && known !== DEFAULT_RANGE);
  return withoutUndefined({
    q: textParam(search.q),
    range,
    status: textParam(search.status),
    user: id(search.user),
    provider: id(search.provider),
    model: textParam(search.model),
    session: textParam(search.session),
    errors: flag(search.errors),
    retries: flag(search.retries),
    log: textParam(search.log),
    tab: textParam(search.tab),
  });
}

/**
 * The filters as the API names them. A search text that looks like a request id
 * or a session id becomes one; anything else searches error texts.
 */
export function logFilter(search: LogSearch, now: number): LogFilter {
  const from = new Date(now - minutes[search.range ?? DEFAULT_RANGE] * 60_000);
  from.setSeconds(0, 0); // one cache entry a minute, not one a render
  const filter: LogFilter = {
    from: from.toISOString(),
    userId: search.user,
    providerId: search.provider,
    model: search.model,
    sessionId: search.session,
    statusCode: search.status,
    errorsOnly: search.errors,
    minAttempts: search.retries ? 2 : undefined,
  };
  const q = search.q?.trim();
  if (q?.startsWith('req_')) filter.requestId = q;
  else if (q && /^[0-9a-f]{8}[0-9a-f-]*$|^(?:ses|sess)_/i.test(q)) filter.sessionId = q;
  else if (q) filter.q = q;
  return filter;
}

/** How many filters narrow the list, the time range not counted. */
export function activeFilters(search: LogSearch): number {
  const { q, status, user, provider, model, session, errors, retries } = search;
  return [q, status, user, provider, model, session, errors, retries].filter((value) => value !== undefined).length;
}
