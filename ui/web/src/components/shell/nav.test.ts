import { expect, it } from 'vitest';
import type { Role } from '@/api/types';
import { navFor, phoneNavFor } from './nav';

const keys = (items: { key: string }[]) => items.map(({ key }) => key);
const all = (role: Role) => navFor(role).flatMap((group) => group.items);

it('shows the leaderboard to those with web access only', () => {
  expect(keys(all('admin'))).toContain('leaderboard');
  expect(keys(all('user'))).toContain('leaderboard');
  expect(keys(all('reader'))).not.toContain('leaderboard');
});

it('keeps the bottom bar for what is needed on the way', () => {
  expect(keys(phoneNavFor('admin', 4).main)).toEqual(['overview', 'sessions', 'requests', 'providers']);
  expect(keys(phoneNavFor('admin', 4).more)).toContain('leaderboard');
});

it.each(['admin', 'user', 'reader'] as const)('loses no entry of a %s on phones', (role) => {
  const { main, more } = phoneNavFor(role, 4);
  expect(keys([...main, ...more]).sort()).toEqual(keys(all(role)).sort());
});
