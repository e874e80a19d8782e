import { expect, it } from 'vitest';
import type { BoardRow, Figures } from '@/api/types';
import { boardTable, columnsOf } from './columns';
import { firstShare, movement, partName, partShare, rowKey, rowName } from './rows';

const figures: Figures = {
  requests: 4, successes: 3, failures: 1, inputTokens: 1000, outputTokens: 500, cacheReadInputTokens: 8500, cacheCreationInputTokens: 0, reasoningTokens: 0,
  totalTokens: 10_000, costUsd: 2, providerCostUsd: null, successRate: 0.75, cacheReadShare: 0.895, avgResponseMs: null, avgTtftMs: null, tokensPerSecond: null,
};
const row: BoardRow = { rank: 2, previousRank: 5, id: 7, name: 'Mei', model: null, share: 0.25, figures, costPerMTokUsd: 200 };

it('names rows by name, number or model', () => {
  expect(rowName(row)).toBe('Mei');
  expect(rowName({ ...row, name: null })).toBe('#7');
  expect(rowName({ id: null, name: null, model: 'gpt-5' })).toBe('gpt-5');
  expect(rowName({ id: null, name: null, model: '' })).toBeUndefined();
  expect(partName({ providerId: 3, providerName: null, model: null, figures })).toBe('#3');
});

it('tells a model named like a number from the number', () => {
  expect(rowKey({ id: null, model: '7' })).not.toBe(rowKey(row));
});

it.each([
  [5, 2, 3],
  [1, 2, -1],
  [2, 2, 0],
  [null, 2, 'new'],
])('from %s to %s is %s', (previousRank, rank, wanted) => {
  expect(movement({ previousRank, rank })).toBe(wanted);
});

it('knows the share of a part, of a rate none', () => {
  expect(partShare('cost', { ...figures, costUsd: 0.5 }, figures)).toBe(0.25);
  expect(partShare('cost', figures, { ...figures, costUsd: 0 })).toBeNull();
  expect(partShare('cacheHitRate', figures, figures)).toBeNull();
});

it('adds up the first shares unless one is unknown', () => {
  expect(firstShare([{ share: 0.5 }, { share: 0.25 }, { share: 0.125 }], 2)).toBe(0.75);
  expect(firstShare([{ share: 0.5 }, { share: null }], 3)).toBeNull();
});

it('writes figures as they are, unknown ones as nothing', () => {
  const table = boardTable([row], columnsOf('provider'), () => 'Mei', (key) => key);
  expect(table[0]).toEqual(['rank', 'name', 'requests', 'tokens', 'success', 'firstToken', 'speed', 'costPerRequest', 'costPerMTok', 'cacheHitRate', 'cost', 'share']);
  expect(table[1]).toEqual([2, 'Mei', 4, 10_000, 0.75, null, null, 0.5, 200, 0.895, 2, 0.25]);
});
