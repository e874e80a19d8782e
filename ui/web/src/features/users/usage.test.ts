import { describe, expect, it } from 'vitest';
import type { LimitUsage, LimitWindow, User } from '@/api/types';
import { dateInput, endOfDay, expiryState } from './expiry';
import { keyDraft, newKey } from './key-sheet';
import { exhausted, windowOf, windows } from './usage';
import { newUser, userDraft, userInput } from './user-sheet';
import { userState } from './users';

const window = (limitType: LimitWindow['limitType'], extra: Partial<LimitWindow>): LimitWindow => ({ limitType, limit: null, percent: null, reserved: 0, resetAt: null, ...extra });
const usage = (...list: LimitWindow[]): LimitUsage => ({ scope: 'user', id: 1, name: 'a', bindingLimit: null, windows: list });

describe('windows', () => {
  it('joins limits and usage in the order of the table', () => {
    const answer = usage(window('concurrent_sessions', { used: 3, limit: 6 }), window('usd_5h', { usedUsd: 21.4, limit: 40, resetAt: 'r' }), window('rpm', { used: 9, limit: 60 }));
    const list = windows({ limit5hUsd: 40, limitConcurrentSessions: 6 }, answer);
    expect(list.map(({ key, used, limit }) => [key, used, limit])).toEqual([
      ['5h', 21.4, 40], ['day', undefined, undefined], ['week', undefined, undefined], ['month', undefined, undefined], ['total', undefined, undefined], ['sessions', 3, 6],
    ]);
    expect(list[0]!.resetAt).toBe('r');
  });
  it('shows limits also when the usage is unknown', () => {
    expect(windows({ dailyLimitUsd: 5 }, undefined)[1]).toEqual({ key: 'day', used: undefined, limit: 5, resetAt: undefined });
  });
  it('finds the window that is used up', () => {
    expect(exhausted(windows({ limit5hUsd: 20 }, usage(window('usd_5h', { usedUsd: 20, limit: 20 }))))?.key).toBe('5h');
    expect(exhausted(windows({ limit5hUsd: 20 }, null))).toBeUndefined();
    expect(windowOf('daily_quota')).toBe('day');
    expect(windowOf('rpm')).toBeUndefined();
  });
});

describe('expiry', () => {
  const now = Date.parse('2026-11-19T12:00:00Z');
  it('turns amber a week before', () => {
    expect(expiryState(null, now)).toBe('never');
    expect(expiryState('2026-11-19T11:59:59Z', now)).toBe('expired');
    expect(expiryState('2026-11-26T12:00:00Z', now)).toBe('soon');
    expect(expiryState('2026-11-26T12:00:01Z', now)).toBe('later');
    expect(userState({ isEnabled: true, expiresAt: '2026-11-20T00:00:00Z' }, now)).toBe('expiring');
    expect(userState({ isEnabled: false, expiresAt: null }, now)).toBe('disabled');
  });
  it('means the end of a day, and keeps it', () => {
    expect(dateInput(endOfDay('2026-12-31'))).toBe('2026-12-31');
    expect(endOfDay('')).toBeNull();
    expect(dateInput('nonsense')).toBe('');
  });
});

describe('what forms send', () => {
  const user = { id: 1, version: 1, name: 'a', role: 'user', isEnabled: true, groups: ['default'], limit5hUsd: 40 } as User;
  it('sends the changed fields of a user', () => {
    const initial = userDraft(user);
    expect(userInput(initial, initial)).toEqual({});
    expect(userInput({ ...initial, limit5hUsd: '', description: ' ', allowedModels: 'x\n y,' }, initial)).toEqual({ limit5hUsd: null, description: null, allowedModels: ['x', 'y'] });
  });
  it('always names a new user and its groups', () => {
    const initial = userDraft();
    expect(newUser({ ...initial, name: ' me ' }, initial)).toEqual({ name: 'me', groups: ['default'] });
  });
  it('sends the changed fields of a key', () => {
    const initial = keyDraft();
    expect(newKey({ ...initial, name: 'laptop', canLoginWebUi: true, rpmLimit: '60' }, initial)).toEqual({ name: 'laptop', canLoginWebUi: true, rpmLimit: 60 });
  });
});
