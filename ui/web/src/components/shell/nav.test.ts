import { expect, it } from 'vitest';
import type { Role } from '@/api/types';
import { homeOf, navFor, phoneNavFor, rolesOf } from './nav';

const keys = (items: { key: string }[]) => items.map(({ key }) => key);
const all = (role: Role) => navFor(role).flatMap((group) => group.items);

it('shows the leaderboard to those with web access only', () => {
  expect(keys(all('admin'))).toContain('leaderboard');
  expect(keys(all('user'))).toContain('leaderboard');
  expect(keys(all('reader'))).not.toContain('leaderboard');
});

it('shows a reader its own usage and how to set up a client, nothing else', () => {
  expect(keys(all('reader'))).toEqual(['usage', 'clients']);
  expect(homeOf('reader')).toBe('/me');
  expect(homeOf('user')).toBe('/dashboard');
});

it('has no usage of its own for the admin token', () => {
  expect(keys(all('admin'))).toContain('usage');
  expect(keys(navFor('admin', false).flatMap((group) => group.items))).not.toContain('usage');
});

it.each([
  ['/me', ['admin', 'user', 'reader']],
  ['/docs/setup', ['admin', 'user', 'reader']],
  ['/dashboard', ['admin', 'user']],
  ['/logs/req_01', ['admin', 'user']],
  ['/menu', ['admin', 'user']],
  ['/providers', ['admin']],
  ['/settings/request-filters', ['admin']],
])('%s is for %j', (path, roles) => {
  expect(rolesOf(path)).toEqual(roles);
});

it('keeps the bottom bar for what is needed on the way', () => {
  expect(keys(phoneNavFor('admin', 4).main)).toEqual(['overview', 'sessions', 'requests', 'providers']);
  expect(keys(phoneNavFor('admin', 4).more)).toContain('leaderboard');
});

it.each(['admin', 'user', 'reader'] as const)('loses no entry of a %s on phones', (role) => {
  const { main, more } = phoneNavFor(role, 4);
  expect(keys([...main, ...more]).sort()).toEqual(keys(all(role)).sort());
});
