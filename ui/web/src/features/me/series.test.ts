import { expect, it } from 'vitest';
import type { Figures } from '@/api/types';
import { pointsOf, sharesOf } from './series';

const figures = (requests: number, costUsd: number): Figures => ({
  requests, successes: requests, failures: 0, inputTokens: 0, outputTokens: 0, cacheReadInputTokens: 0, cacheCreationInputTokens: 0, reasoningTokens: 0,
  totalTokens: requests * 100, costUsd, providerCostUsd: null, successRate: 1, cacheReadShare: null, avgResponseMs: null, avgTtftMs: null, tokensPerSecond: null,
});
const stats = {
  buckets: [{ at: '2026-11-18T00:00:00Z', figures: figures(3, 1.5) }, { at: '2026-11-19T00:00:00Z', figures: figures(0, 0) }],
  byModel: [
    { model: 'opus', figures: figures(1, 5) },
    { model: 'haiku', figures: figures(9, 2) },
    { model: 'sonnet', figures: figures(2, 1) },
    { model: null, figures: figures(4, 2) },
  ],
  total: figures(16, 10),
};

it('draws what is asked for', () => {
  expect(pointsOf(stats, 'cost').map(({ value }) => value)).toEqual([1.5, 0]);
  expect(pointsOf(stats, 'tokens').map(({ value }) => value)).toEqual([300, 0]);
});

it('orders models by what is asked for and adds up the rest', () => {
  expect(sharesOf(stats, 'requests', 2)).toEqual([
    { model: 'haiku', value: 9, share: 9 / 16 },
    { model: 'sonnet', value: 2, share: 2 / 16 },
    { model: null, value: 5, share: 5 / 16 },
  ]);
  expect(sharesOf(stats, 'cost', 8).map(({ model }) => model)).toEqual(['opus', 'haiku', 'sonnet', null]);
});

it('has no shares of nothing', () => {
  expect(sharesOf({ byModel: [{ model: 'opus', figures: figures(1, 0) }], total: figures(1, 0) }, 'cost', 8)).toEqual([{ model: 'opus', value: 0, share: null }]);
});
