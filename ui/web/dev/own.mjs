// One person's own usage for mock.mjs: limits, today, statistics, requests.
import { figures } from './board.mjs';
import { makeLogs, usageOf, users } from './fixtures.mjs';

const HOUR = 3_600_000;
const shares = { 'claude-opus-5': 0.46, 'claude-sonnet-5': 0.32, 'claude-haiku-4-5': 0.14, 'gpt-5.3-codex': 0.08 };
const [user] = users;
const [key] = user.keys;

/** Signed in with a key that may do so, or with one that sees its own usage only. */
export const own = (role) => ({
  user: { id: user.id, name: user.name, role: 'user' }, key: { id: key.id, name: key.name }, role,
  permissions: role === 'reader' ? ['me:read'] : ['me:read', 'overview:read'], expiresAt: null,
});

const account = (role) => ({
  ...own(role), user: { id: user.id, name: user.name, role: 'user', groups: user.groups, expiresAt: null },
  key: { id: key.id, name: key.name, keyPrefix: key.keyPrefix, keyLast4: key.keyLast4, groups: [], expiresAt: new Date(Date.now() + 5 * 24 * HOUR).toISOString(), canLoginWebUi: role !== 'reader' },
  access: { allowedModels: [] }, timezone: 'UTC',
});

function quota() {
  const usages = { key: usageOf('keys', key.id), user: usageOf('users', user.id) };
  for (const usage of Object.values(usages)) for (const window of usage.windows) window.reserved = window.limitType === 'usd_5h' ? 0.42 : 0;
  return { ...usages, binding: { scope: 'key', limitType: 'usd_5h', percent: 64, resetAt: null } };
}

function stats(query) {
  const length = query.get('bucket') === 'hour' ? HOUR : 24 * HOUR;
  const from = Date.parse(query.get('from'));
  const count = Math.ceil((Date.now() - from) / length);
  const sent = Array.from({ length: count }, (_, i) => (i % 7 === 5 ? 0 : 40 + ((i * 83) % 210)));
  const total = sent.reduce((sum, requests) => sum + requests, 0);
  return {
    from: query.get('from'), to: new Date(from + count * length).toISOString(), timezone: 'UTC', scope: query.get('scope'), bucket: query.get('bucket'),
    buckets: sent.map((requests, i) => ({ at: new Date(from + i * length).toISOString(), figures: figures(requests) })),
    byModel: Object.entries(shares).map(([model, share]) => ({ model, figures: figures(Math.round(total * share)) })), total: figures(total),
  };
}

const mine = makeLogs(900).map((log) => ({ ...log, providerName: null, keyName: key.name, cacheCreationInputTokens: log.cacheCreation5mInputTokens, outputTokens: log.outputTokens ?? 0 }));

function logs(query) {
  const status = query.get('statusCode');
  const found = mine.filter((log) => (!query.get('model') || log.model === query.get('model')) && (!status || String(log.statusCode) === status || `${Math.floor(log.statusCode / 100)}xx` === status));
  const start = Number(query.get('cursor') ?? 0);
  const limit = Number(query.get('limit') ?? 20);
  return { items: found.slice(start, start + limit), nextCursor: start + limit < found.length ? String(start + limit) : null };
}

/** The answer to a path below /me; undefined where there is none. */
export function ownAnswer(path, query, role) {
  switch (path) {
    case '/me':
      return account(role);
    case '/me/quota':
      return quota();
    case '/me/today':
      return { timezone: 'UTC', key: figures(184), user: figures(260) };
    case '/me/stats':
      return stats(query);
    case '/me/models':
      return { items: Object.keys(shares).map((id) => ({ id, protocols: ['claude'] })) };
    case '/me/usage-logs':
      return logs(query);
    case '/me/usage-logs/facets':
      return { models: Object.keys(shares), endpoints: ['/v1/messages', '/v1/responses'] };
    default:
      return undefined;
  }
}
