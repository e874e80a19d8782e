import { expect, it } from 'vitest';
import { readBoardSearch } from './search';

it('leaves out what is unknown, malformed or the default', () => {
  expect(readBoardSearch({ scope: 'user', metric: 'cost', period: 'daily', type: 'smtp', at: 'soon', other: '1' })).toEqual({});
});

it('keeps what it knows', () => {
  const search = { scope: 'model', metric: 'cacheHitRate', period: 'weekly', at: '2026-11-16T00:00:00Z', type: 'codex', group: 'core', open: 'm:gpt-5' };
  expect(readBoardSearch(search)).toEqual(search);
});

it('has days only in a custom period, and an instant in none', () => {
  const days = { from: '2026-11-01', to: '2026-11-07' };
  expect(readBoardSearch({ period: 'custom', at: '2026-11-16T00:00:00Z', ...days })).toEqual({ period: 'custom', ...days });
  expect(readBoardSearch({ period: 'monthly', ...days })).toEqual({ period: 'monthly' });
  expect(readBoardSearch({ period: 'custom', from: '2026-02-30' })).toEqual({ period: 'custom' });
});
