import { expect, it } from 'vitest';
import type { LimitWindow } from '@/api/types';
import { gauges, resetIn } from './gauges';

const window = (limitType: LimitWindow['limitType'], rest: Partial<LimitWindow>): LimitWindow => ({ limitType, reserved: 0, limit: null, percent: null, resetAt: null, ...rest });

it('orders windows from the shortest on and leaves out counts that nothing limits', () => {
  const shown = gauges([
    window('rpm', { used: 3, limit: 60 }),
    window('concurrent_sessions', { used: 1 }),
    window('usd_total', { usedUsd: 9 }),
    window('usd_5h', { usedUsd: 1.5, limit: 20, reserved: 0.25, resetAt: '2026-11-19T18:00:00Z' }),
  ]);
  expect(shown.map(({ type }) => type)).toEqual(['usd_5h', 'usd_total', 'rpm']);
  expect(shown[0]).toEqual({ type: 'usd_5h', money: true, used: 1.5, reserved: 0.25, limit: 20, resetAt: '2026-11-19T18:00:00Z' });
  expect(shown[1]).toMatchObject({ money: true, used: 9, limit: undefined, resetAt: undefined });
  expect(shown[2]).toMatchObject({ money: false, used: 3, limit: 60 });
});

it('counts down within a day and names the time beyond', () => {
  const now = Date.parse('2026-11-19T14:00:00Z');
  expect(resetIn('2026-11-19T18:00:00Z', now)).toEqual({ left: 4 * 3_600_000 });
  expect(resetIn('2026-11-19T13:00:00Z', now)).toEqual({ left: 0 });
  expect(resetIn('2026-12-01T00:00:00Z', now)).toEqual({ at: '2026-12-01T00:00:00Z' });
  expect(resetIn(undefined, now)).toBeUndefined();
});
