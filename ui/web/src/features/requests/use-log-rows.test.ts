import { expect, it } from 'vitest';
import type { UsageLog } from '@/api/types';
import { hasGap, mergeRows } from './use-log-rows';

const row = (id: number, statusCode: number | null = 200) => ({ id: String(id), statusCode }) as UsageLog;

it('puts new rows first and replaces running ones', () => {
  const merged = mergeRows([row(4), row(3, 200)], [row(3, null), row(2), row(1)]);
  expect(merged.map(({ id, statusCode }) => [id, statusCode])).toEqual([['4', 200], ['3', 200], ['2', 200], ['1', 200]]);
});

it('notices that a poll did not reach down to what is loaded', () => {
  expect(hasGap([row(9), row(8)], [row(3)], 2)).toBe(true);
  expect(hasGap([row(4), row(3)], [row(3)], 2)).toBe(false);
  expect(hasGap([row(9)], [row(3)], 2)).toBe(false); // fewer than a page: nothing was left out
  expect(hasGap([row(9), row(8)], [], 2)).toBe(false);
});
