/** How quotas and balances of an upstream account read. Pure. */
import type { AccountAdapter, AccountInput, AccountQuota, AccountSummary, ProviderAccount } from '@/api/types';
import { parseNumber } from '@/lib/limits';

export const adapters: AccountAdapter[] = [
  'auto', 'none', 'anthropic-oauth', 'codex', 'code-assist', 'new-api', 'sub2api', 'deepseek', 'openrouter', 'siliconflow', 'moonshot', 'custom',
];

/** The quotas a list has room for: those that bind all models and last longer than minutes. */
export function barQuotas(account: AccountSummary | undefined): AccountQuota[] {
  const rank = (quota: AccountQuota) => (quota.kind === 'balance' ? 2 : quota.status === 'rejected' ? 0 : 1);
  return (account?.quotas ?? [])
    .filter((quota) => !quota.isRateLimit && quota.model === null && quota.isCurrent)
    .sort((a, b) => rank(a) - rank(b) || a.label.localeCompare(b.label))
    .slice(0, 2);
}

/** The share that is used, 0 to 1; undefined where nobody knows. */
export function usedShare(quota: AccountQuota): number | undefined {
  if (!quota.isCurrent || quota.isUnlimited) return undefined;
  if (quota.kind === 'window') return quota.usedFraction ?? undefined;
  if (quota.remaining === null || quota.limit === null || quota.limit <= 0) return undefined;
  return Math.min(1, Math.max(0, 1 - quota.remaining / quota.limit));
}

export type QuotaTone = 'neutral' | 'near' | 'full';

/** Warns as the hub's notices do: below a fifth, and below a twentieth. */
export function quotaTone(quota: AccountQuota): QuotaTone {
  if (quota.status === 'rejected' || (quota.isCurrent && quota.remaining !== null && quota.remaining <= 0)) return 'full';
  const used = usedShare(quota);
  if (used === undefined) return 'neutral';
  if (used > 0.95) return 'full';
  return used > 0.8 ? 'near' : 'neutral';
}

/** What the form of an account holds. */
export interface AccountDraft {
  adapter: AccountAdapter;
  baseUrl: string;
  token: string;
  removeToken: boolean;
  accountId: string;
  project: string;
  usdPerUnit: string;
  path: string;
  balance: string;
  used: string;
  limit: string;
  reset: string;
  unit: string;
  factor: string;
}

export function accountDraft(setup: ProviderAccount['setup']): AccountDraft {
  const template = setup.template;
  const number = (value: number | null) => (value === null ? '' : String(value));
  return {
    adapter: setup.adapter, baseUrl: setup.baseUrl ?? '', token: '', removeToken: false, accountId: setup.accountId ?? '', project: setup.project ?? '',
    usdPerUnit: number(setup.usdPerUnit), path: template?.path ?? '', balance: template?.balance ?? '', used: template?.used ?? '',
    limit: template?.limit ?? '', reset: template?.reset ?? '', unit: template?.unit ?? '', factor: number(template?.factor ?? null),
  };
}

/** The body to send. What the form does not show of a template, method and body, goes back as it came. */
export function accountInput(draft: AccountDraft, setup: ProviderAccount['setup']): AccountInput {
  const text = (value: string) => value.trim() || undefined;
  const number = (value: string) => parseNumber(value) ?? undefined;
  const config: NonNullable<AccountInput['config']> = {
    baseUrl: text(draft.baseUrl), accountId: text(draft.accountId), project: text(draft.project), usdPerUnit: number(draft.usdPerUnit),
  };
  if (draft.removeToken) config.token = null;
  else if (draft.token.trim()) config.token = draft.token.trim();
  if (draft.adapter === 'custom') {
    config.template = {
      path: draft.path.trim(), method: setup.template?.method, body: setup.template?.body ?? undefined, balance: text(draft.balance), used: text(draft.used),
      limit: text(draft.limit), reset: text(draft.reset), unit: text(draft.unit), factor: number(draft.factor),
    };
  }
  return { adapter: draft.adapter, config };
}
