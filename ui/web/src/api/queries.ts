/** Query keys and reads, one entry per resource. Writes are in mutations.ts. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { call, type QueryOf } from './client';
import { isApiError } from './error';
import type { Board, LimitUsage, OwnAccount, OwnQuota, OwnStats, Page, ProviderAccount, UsageLog } from './types';

export type LogFilter = QueryOf<'GET', '/usage-logs'>;
export type BoardFilter = NonNullable<QueryOf<'GET', '/leaderboard'>>;
export type PriceFilter = QueryOf<'GET', '/model-prices'>;
export type OwnStatsFilter = QueryOf<'GET', '/me/stats'>;
export type OwnLogFilter = QueryOf<'GET', '/me/usage-logs'>;

/** The largest page of a list. */
const MAX_PAGE = 100;

/** Follows the cursors of a short list (providers, users) to its end. */
async function all<T>(fetchPage: (cursor: string | undefined) => Promise<Page<T>>): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const page = await fetchPage(cursor);
    items.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return items;
}

/** Answers null where the server does not have the resource (yet, or any more). */
async function optional<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (isApiError(error, 404) || isApiError(error, 405)) return null;
    throw error;
  }
}

/** Reads one's own requests page by page, up to a number of rows; tells whether there are more. */
export async function readOwnLogs(filter: OwnLogFilter, most: number): Promise<{ items: UsageLog[]; more: boolean }> {
  const items: UsageLog[] = [];
  let cursor: string | undefined;
  do {
    const page = await call('GET', '/me/usage-logs', { query: { ...filter, limit: MAX_PAGE, cursor } });
    items.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined && items.length < most);
  return { items, more: cursor !== undefined };
}

export const queries = {
  me: () => queryOptions({ queryKey: ['me'], queryFn: ({ signal }) => call('GET', '/auth/me', { signal }), staleTime: 60_000 }),

  health: () =>
    queryOptions({ queryKey: ['health'], queryFn: ({ signal }) => optional(call('GET', '/health', { signal })), refetchInterval: 15_000 }),

  setup: () =>
    queryOptions({ queryKey: ['setup'], queryFn: ({ signal }) => optional(call('GET', '/setup/state', { signal })), staleTime: 5_000 }),

  providers: () =>
    queryOptions({ queryKey: ['providers'], queryFn: ({ signal }) => all((cursor) => call('GET', '/providers', { query: { limit: MAX_PAGE, cursor }, signal })), staleTime: 5_000 }),

  provider: (id: number) =>
    queryOptions({ queryKey: ['providers', id], queryFn: ({ signal }) => call('GET', '/providers/{id}', { params: { id }, signal }) }),

  providerAccount: (id: number) =>
    queryOptions({
      queryKey: ['provider-account', id],
      queryFn: ({ signal }): Promise<ProviderAccount> => call('GET', '/providers/{id}/account', { params: { id }, signal }),
      refetchInterval: 15_000,
    }),

  providersHealth: () =>
    queryOptions({
      queryKey: ['providers-health'],
      queryFn: ({ signal }) => call('GET', '/providers/health', { signal }).then((page) => page.items),
      refetchInterval: 5_000,
    }),

  groups: () =>
    queryOptions({ queryKey: ['groups'], queryFn: ({ signal }) => all((cursor) => call('GET', '/provider-groups', { query: { limit: MAX_PAGE, cursor }, signal })), staleTime: 5_000 }),

  requestFilters: () =>
    queryOptions({ queryKey: ['request-filters'], queryFn: ({ signal }) => all((cursor) => call('GET', '/request-filters', { query: { limit: MAX_PAGE, cursor }, signal })), staleTime: 5_000 }),

  users: () => queryOptions({ queryKey: ['users'], queryFn: ({ signal }) => all((cursor) => call('GET', '/users', { query: { include: ['keys'], limit: MAX_PAGE, cursor }, signal })), staleTime: 5_000 }),

  limitUsage: (scope: 'user' | 'key', ids: number[]) =>
    queryOptions({
      queryKey: ['limit-usage', scope, ids],
      queryFn: async ({ signal }) => {
        const pages: LimitUsage[] = [];
        for (let at = 0; at < ids.length; at += MAX_PAGE) {
          const query = { scope, ids: ids.slice(at, at + MAX_PAGE), limit: MAX_PAGE };
          pages.push(...(await call('GET', '/limit-usage', { query, signal })).items);
        }
        return pages;
      },
      enabled: ids.length > 0,
      placeholderData: (before) => before,
      refetchInterval: 15_000,
    }),

  logs: (filter: LogFilter, live: boolean) =>
    infiniteQueryOptions({
      queryKey: ['usage-logs', filter],
      queryFn: ({ pageParam, signal }) =>
        call('GET', '/usage-logs', { query: { ...filter, limit: MAX_PAGE, cursor: pageParam }, signal }),
      initialPageParam: undefined as string | undefined,
      getNextPageParam: (last) => last.nextCursor ?? undefined,
      refetchInterval: live ? 5_000 : false,
    }),

  recentLogs: (filter: LogFilter) =>
    queryOptions({
      queryKey: ['usage-logs-recent', filter],
      queryFn: ({ signal }) => call('GET', '/usage-logs', { query: filter, signal }).then((page) => page.items),
      refetchInterval: 5_000,
    }),

  log: (id: string) =>
    queryOptions({
      queryKey: ['usage-logs', 'one', id],
      queryFn: ({ signal }) => call('GET', '/usage-logs/{id}', { params: { id }, signal }),
      refetchInterval: (query) => (query.state.data && query.state.data.statusCode == null ? 1_000 : false),
    }),

  prices: (filter: PriceFilter) =>
    queryOptions({
      queryKey: ['prices', 'list', filter],
      queryFn: ({ signal }) => call('GET', '/model-prices', { query: filter, signal }),
      placeholderData: (before) => before,
    }),

  price: (name: string) =>
    queryOptions({ queryKey: ['prices', 'one', name], queryFn: ({ signal }) => call('GET', '/model-prices/{name}', { params: { name }, signal }), retry: false }),

  priceStatus: () =>
    queryOptions({ queryKey: ['prices', 'status'], queryFn: ({ signal }) => call('GET', '/model-prices/status', { signal }), refetchInterval: 30_000 }),

  heldPrices: () =>
    queryOptions({ queryKey: ['prices', 'held'], queryFn: ({ signal }) => call('GET', '/model-prices/held', { signal }).then((page) => page.items) }),

  unpricedModels: () =>
    queryOptions({ queryKey: ['prices', 'unpriced'], queryFn: ({ signal }) => call('GET', '/model-prices/unpriced', { signal }).then((page) => page.items), refetchInterval: 60_000 }),

  /** The server's answers may be a minute old, so asking more often shows nothing new. */
  leaderboard: (filter: BoardFilter) =>
    queryOptions({
      queryKey: ['leaderboard', filter.scope, filter],
      queryFn: ({ signal }): Promise<Board> => call('GET', '/leaderboard', { query: filter, signal }),
      // Rows of users under the figures of models would be wrong, not old.
      placeholderData: (before, query) => (query?.queryKey[1] === filter.scope ? before : undefined),
      refetchInterval: 60_000,
    }),

  /** One's own key and user. Who is signed in, and may do what, is `me`. */
  ownAccount: () => queryOptions({ queryKey: ['own', 'account'], queryFn: ({ signal }): Promise<OwnAccount> => call('GET', '/me', { signal }), staleTime: 60_000 }),

  ownQuota: () => queryOptions({ queryKey: ['own', 'quota'], queryFn: ({ signal }): Promise<OwnQuota> => call('GET', '/me/quota', { signal }), refetchInterval: 15_000 }),

  ownToday: () => queryOptions({ queryKey: ['own', 'today'], queryFn: ({ signal }) => call('GET', '/me/today', { signal }), refetchInterval: 15_000 }),

  ownModels: () => queryOptions({ queryKey: ['own', 'models'], queryFn: ({ signal }) => call('GET', '/me/models', { signal }).then((list) => list.items), staleTime: 60_000 }),

  /** The server's answers may be half a minute old. */
  ownStats: (filter: OwnStatsFilter) =>
    queryOptions({
      queryKey: ['own', 'stats', filter],
      queryFn: ({ signal }): Promise<OwnStats> => call('GET', '/me/stats', { query: filter, signal }),
      placeholderData: (before) => before,
      refetchInterval: 30_000,
    }),

  ownLogs: (filter: OwnLogFilter) =>
    infiniteQueryOptions({
      queryKey: ['own', 'logs', filter],
      queryFn: ({ pageParam, signal }) => call('GET', '/me/usage-logs', { query: { ...filter, limit: MAX_PAGE, cursor: pageParam }, signal }),
      initialPageParam: undefined as string | undefined,
      getNextPageParam: (last) => last.nextCursor ?? undefined,
      // Who scrolled down reads; renewing all that was loaded would only be in the way.
      refetchInterval: (query) => ((query.state.data?.pages.length ?? 0) > 1 ? false : 15_000),
    }),

  ownLogFacets: (from: string | undefined) =>
    queryOptions({ queryKey: ['own', 'facets', from], queryFn: ({ signal }) => call('GET', '/me/usage-logs/facets', { query: { from }, signal }), staleTime: 60_000 }),

  sessions: (state: 'active' | 'recent') =>
    queryOptions({
      queryKey: ['sessions', state],
      queryFn: ({ signal }) =>
        call('GET', '/sessions', { query: { state, limit: MAX_PAGE }, signal }).then((page) => page.items),
      refetchInterval: 5_000,
    }),
};
