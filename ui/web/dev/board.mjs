// An invented leaderboard for mock.mjs.
import { providers, users } from './fixtures.mjs';

const models = ['claude-opus-5', 'claude-sonnet-5', 'claude-haiku-4-5', 'gpt-5.3-codex'];
const names = {
  user: users.map(({ id, name }) => ({ id, name, model: null })),
  key: users.map((user) => ({ id: user.keys[0].id, name: `${user.name} · ${user.keys[0].name}`, model: null })),
  provider: providers.map(({ id, name }) => ({ id, name, model: null })),
  model: models.map((model) => ({ id: null, name: null, model })),
};
const ranked = { cost: 'costUsd', requests: 'requests', tokens: 'totalTokens', cacheHitRate: 'cacheReadShare' };
const days = { daily: 1, weekly: 7, monthly: 30 };
const DAY = 86_400_000;

/** Figures of somebody who sent so many requests. */
export const figures = (requests) => ({
  requests, successes: Math.round(requests * 0.98), failures: Math.round(requests * 0.02), inputTokens: requests * 900, outputTokens: requests * 600,
  cacheReadInputTokens: requests * 38_000, cacheCreationInputTokens: requests * 3_000, reasoningTokens: 0, totalTokens: requests * 42_500, costUsd: requests * 0.0271,
  providerCostUsd: null, successRate: 0.98, cacheReadShare: 0.7 + (requests % 30) / 100, avgResponseMs: 9_400, avgTtftMs: 600 + (requests % 900), tokensPerSecond: 40 + (requests % 60),
});

function partsOf(row, requests) {
  const share = (i) => figures(Math.round(requests * [0.6, 0.3, 0.1][i]));
  if (row.model === null) return models.slice(0, 3).map((model, i) => ({ providerId: null, providerName: null, model, figures: share(i) }));
  return providers.slice(0, 3).map(({ id, name }, i) => ({ providerId: id, providerName: name, model: null, figures: share(i) }));
}

/** The period around `at`; weeks and months are of so many days since 1970. */
function spanOf(query) {
  const period = query.get('period') ?? 'daily';
  if (period === 'allTime') return { from: 0, to: Date.now(), before: null };
  if (period === 'custom') {
    const [from, to] = [Date.parse(query.get('from')), Date.parse(query.get('to'))];
    return { from, to, before: from - (to - from) };
  }
  const length = days[period] * DAY;
  const at = query.get('at') ? Date.parse(query.get('at')) : Date.now();
  const from = Math.floor(at / length) * length;
  return { from, to: from + length, before: from - length };
}

export function boardOf(query, empty) {
  const figure = ranked[query.get('metric') ?? 'cost'];
  const rows = empty ? [] : names[query.get('scope') ?? 'user'].map((row, i) => ({ ...row, figures: figures(4_000 - i * 290) }));
  rows.sort((a, b) => b.figures[figure] - a.figures[figure]);
  const total = figures(rows.reduce((sum, row) => sum + row.figures.requests, 0));
  const { from, to, before } = spanOf(query);
  const iso = (at) => (at === null ? null : new Date(at).toISOString());
  return {
    from: iso(from), to: iso(to), previousFrom: iso(before), previousTo: before === null ? null : iso(from), timezone: 'UTC', view: 'all', count: rows.length, total,
    items: rows.map((row, i) => ({
      ...row, rank: i + 1, previousRank: i === 6 ? null : i + 1 + [0, 1, -1][i % 3], share: figure === 'cacheReadShare' ? null : row.figures[figure] / total[figure],
      costPerMTokUsd: 0.64, parts: partsOf(row, row.figures.requests),
    })),
  };
}
