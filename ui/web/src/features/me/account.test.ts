import { expect, it } from 'vitest';
import { firstExpiry, groupsOf } from './account';

it('a key ends with its user, whichever comes first', () => {
  expect(firstExpiry('2027-01-31T23:59:59Z', '2026-12-31T23:59:59Z')).toBe('2026-12-31T23:59:59Z');
  expect(firstExpiry('2026-12-31T23:59:59Z', null)).toBe('2026-12-31T23:59:59Z');
  expect(firstExpiry(null, undefined)).toBeUndefined();
});

it('a key without groups has those of its user', () => {
  expect(groupsOf({ groups: ['core', 'default'] }, { groups: ['core'] })).toEqual(['core']);
  expect(groupsOf({ groups: ['core'] }, { groups: [] })).toEqual(['core']);
  expect(groupsOf({ groups: [] }, null)).toEqual(['default']);
});
