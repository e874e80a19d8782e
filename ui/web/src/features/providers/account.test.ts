import { describe, expect, it } from 'vitest';
import type { AccountQuota, AccountSummary, ProviderAccount } from '@/api/types';
import { accountDraft, accountInput, barQuotas, quotaTone, usedShare } from './account';
import { readHealth } from './health';

const window = (label: string, usedFraction: number | null, more: Partial<AccountQuota> = {}): AccountQuota => ({
  kind: 'window', label, model: null, isCurrent: true, usedFraction, remaining: null, remainingUsd: null, limit: null, unit: null, isUnlimited: false,
  isRateLimit: false, resetAt: null, status: null, observedAt: '2026-11-29T12:00:00Z', source: 'header', emptyAt: null, ...more,
});
const balance = (remaining: number | null, more: Partial<AccountQuota> = {}): AccountQuota => window('balance', null, { kind: 'balance', remaining, unit: 'USD', ...more });
const account = (...quotas: AccountQuota[]): AccountSummary => ({
  status: 'ok', error: null, headroom: null, weightFactor: 1, exhaustedUntil: null, fetchedAt: null, lastOkAt: null, nextFetchAt: null, quotas,
});

describe('bars of an account', () => {
  it('shows what binds all models and lasts, at most two', () => {
    const shown = barQuotas(account(
      balance(3), window('7d', 0.5), window('5h', 0.2), window('7d_opus', 1, { model: 'opus' }), window('requests', 0.9, { isRateLimit: true }),
    ));
    expect(shown.map((quota) => quota.label)).toEqual(['5h', '7d']);
    expect(barQuotas(account(window('5h', 0.2), balance(3))).map((quota) => quota.label)).toEqual(['5h', 'balance']);
    expect(barQuotas(account(window('5h', null, { isCurrent: false })))).toEqual([]);
    expect(barQuotas(undefined)).toEqual([]);
  });

  it('never takes unknown for zero', () => {
    expect(usedShare(window('5h', null, { isCurrent: false }))).toBeUndefined();
    expect(usedShare(balance(3))).toBeUndefined();
    expect(usedShare(balance(5, { limit: 20 }))).toBe(0.75);
    expect(usedShare(balance(0, { isUnlimited: true }))).toBeUndefined();
  });

  it('warns below a fifth and below a twentieth', () => {
    expect(quotaTone(window('5h', 0.8))).toBe('neutral');
    expect(quotaTone(window('5h', 0.81))).toBe('near');
    expect(quotaTone(window('5h', 0.96))).toBe('full');
    expect(quotaTone(window('5h', 0.9, { status: 'rejected' }))).toBe('full');
    expect(quotaTone(balance(0))).toBe('full');
    expect(quotaTone(balance(1))).toBe('neutral');
  });
});

it('a provider whose account is used up reads so until its reset', () => {
  const now = Date.parse('2026-11-29T12:00:00Z');
  const health = {
    providerId: 1, state: 'closed' as const, failures: 0, retryAt: null, coolingUntil: null, coolingModels: [], inFlight: 0, limit: null, sessions: 0, sessionLimit: null,
    lastError: null, lastErrorStatus: null, reportedAt: null, account: { ...account(), exhaustedUntil: '2026-11-29T13:00:00Z' },
  };
  expect(readHealth({ isEnabled: true }, health, now).key).toBe('exhausted');
  expect(readHealth({ isEnabled: true }, health, now + 3_600_001).key).toBe('closed');
});

it('a setup goes back as it came', () => {
  const setup: ProviderAccount['setup'] = {
    adapter: 'custom', inUse: 'custom', hasToken: true, baseUrl: 'https://panel.example', accountId: null, project: null, usdPerUnit: 0.14,
    template: { method: 'POST', path: '/me', headerNames: ['x-token'], body: '{}', balance: 'left', used: null, limit: null, reset: null, unit: 'CNY', factor: 0.01 },
  };
  const draft = accountDraft(setup);
  expect(accountInput(draft, setup)).toEqual({
    adapter: 'custom',
    config: { baseUrl: 'https://panel.example', usdPerUnit: 0.14, template: { method: 'POST', path: '/me', body: '{}', balance: 'left', unit: 'CNY', factor: 0.01 } },
  });
  expect(accountInput({ ...draft, adapter: 'new-api', token: ' t ' }, setup).config).toEqual({ baseUrl: 'https://panel.example', usdPerUnit: 0.14, token: 't' });
  expect(accountInput({ ...draft, adapter: 'auto', removeToken: true }, setup).config?.token).toBeNull();
});
