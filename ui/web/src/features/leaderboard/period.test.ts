import { expect, it } from 'vitest';
import { boardFilter, customDays, daysFault, earlier, later } from './period';

const now = Date.parse('2026-11-19T14:32:08Z');

it('asks for users by spend of today where nothing is said', () => {
  expect(boardFilter({}, now, 'UTC')).toMatchObject({ scope: 'user', metric: 'cost', period: 'daily', at: undefined, groups: undefined, expand: 'models' });
  expect(boardFilter({ scope: 'model', group: 'core', type: 'codex' }, now, 'UTC')).toMatchObject({ expand: 'providers', groups: ['core'], providerType: 'codex' });
});

it('asks for whole days of the zone, the last one included', () => {
  const search = { period: 'custom', from: '2026-11-01', to: '2026-11-07' } as const;
  expect(boardFilter(search, now, 'Asia/Shanghai')).toMatchObject({ from: '2026-10-31T16:00:00.000Z', to: '2026-11-07T16:00:00.000Z' });
});

it.each([
  [{}, { from: '2026-11-13', to: '2026-11-19' }],
  [{ from: '2026-11-01' }, { from: '2026-11-01', to: '2026-11-07' }],
  [{ to: '2026-11-07' }, { from: '2026-11-01', to: '2026-11-07' }],
])('a custom period of %j is %j', (search, wanted) => {
  expect(customDays(search, now, 'UTC')).toEqual(wanted);
});

it.each([
  ['2026-01-01', '2026-01-01', undefined],
  ['2026-01-02', '2026-01-01', 'order'],
  ['2028-01-01', '2028-12-31', undefined],
  ['2028-01-01', '2029-01-01', 'length'],
])('from %s to %s: %s', (from, to, wanted) => {
  expect(daysFault({ from, to })).toBe(wanted);
});

const today = { from: '2026-11-19T00:00:00Z', to: '2026-11-20T00:00:00Z', previousFrom: '2026-11-18T00:00:00Z' };
const before = { from: '2026-11-18T00:00:00Z', to: '2026-11-19T00:00:00Z', previousFrom: '2026-11-17T00:00:00Z' };
const longAgo = { from: '2026-11-10T00:00:00Z', to: '2026-11-11T00:00:00Z', previousFrom: '2026-11-09T00:00:00Z' };

it('steps back to where the period before begins', () => {
  expect(earlier({}, today, now, 'UTC')).toEqual({ at: '2026-11-18T00:00:00Z' });
  expect(earlier({ period: 'allTime' }, { ...today, previousFrom: null }, now, 'UTC')).toBeUndefined();
});

it('steps forward to the present and no further', () => {
  expect(later({}, longAgo, now, 'UTC')).toEqual({ at: '2026-11-11T00:00:00Z' });
  expect(later({}, before, now, 'UTC')).toEqual({ at: undefined });
  expect(later({}, today, now, 'UTC')).toBeUndefined();
});

it('moves a custom period by its own length', () => {
  const search = { period: 'custom', from: '2026-11-01', to: '2026-11-07' } as const;
  expect(earlier(search, before, now, 'UTC')).toEqual({ from: '2026-10-25', to: '2026-10-31' });
  expect(later(search, before, now, 'UTC')).toEqual({ from: '2026-11-08', to: '2026-11-14' });
});
