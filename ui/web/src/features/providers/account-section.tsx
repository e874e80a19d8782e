import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { RefreshCw } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { refreshAccount, setAccount } from '@/api/mutations';
import { queries } from '@/api/queries';
import type { AccountAdapter, AccountQuota, Provider, ProviderAccount } from '@/api/types';
import { Button } from '@/components/ui/button';
import { SelectField, TextField } from '@/components/ui/field';
import { ErrorNotice } from '@/components/ui/notice';
import { showToast } from '@/components/ui/toast';
import { Switch } from '@/components/ui/toggle';
import { useFormat } from '@/i18n/use-format';
import { useNow } from '@/lib/clock';
import { countdown } from '@/lib/format';
import { accountDraft, accountInput, adapters, type AccountDraft } from './account';
import { QuotaLine } from './account-bars';

/** The account behind a provider: what it has left, and how it is asked. It saves by itself. */
export function AccountSection({ provider }: { provider: Provider }) {
  const { t } = useTranslation();
  const account = useQuery(queries.providerAccount(provider.id));
  if (account.isError) return <ErrorNotice error={account.error} title={t('providers.account.loadFailed')} onRetry={() => void account.refetch()} />;
  if (!account.data) return null;
  return (
    <div className="flex flex-col gap-4">
      <AccountFigures account={account.data} />
      <AccountSetup key={JSON.stringify(account.data.setup)} account={account.data} />
    </div>
  );
}

function useRefresh(id: number) {
  const client = useQueryClient();
  return (answer: ProviderAccount) => {
    client.setQueryData(queries.providerAccount(id).queryKey, answer);
    return client.invalidateQueries({ queryKey: ['providers-health'] });
  };
}

function AccountFigures({ account }: { account: ProviderAccount }) {
  const { t } = useTranslation();
  const now = useNow(1000);
  const format = useFormat();
  const done = useRefresh(account.providerId);
  const refresh = useMutation({ mutationFn: () => refreshAccount(account.providerId), onSuccess: done });
  return (
    <div className="flex flex-col gap-3">
      {account.quotas.length === 0 && <p className="text-13 text-fg-muted">{t('providers.account.nothing')}</p>}
      {account.quotas.length > 0 && (
        <ul className="grid grid-cols-1 gap-x-6 gap-y-3 sm:grid-cols-2">
          {account.quotas.map((quota) => (
            <li key={quota.label}>
              <QuotaLine quota={quota} />
              <QuotaNote quota={quota} now={now} />
            </li>
          ))}
        </ul>
      )}
      {refresh.isError && <ErrorNotice error={refresh.error} title={t('providers.account.refreshFailed')} />}
      <div className="flex flex-wrap items-center gap-3 text-12 text-fg-muted">
        {account.setup.inUse && (
          <Button size="sm" busy={refresh.isPending} disabled={refresh.isPending} onClick={() => refresh.mutate()}>
            <RefreshCw size={14} aria-hidden="true" />
            {t('providers.account.refresh')}
          </Button>
        )}
        {account.status !== 'ok' && <span>{t(`providers.account.status.${account.status}`)}</span>}
        {account.error && <span className="text-warn">{account.error}</span>}
        {account.fetchedAt && <span>{t('providers.account.asked', { age: format.age(account.fetchedAt, now) })}</span>}
        {account.weightFactor !== 1 && <span>{t('providers.account.weight', { factor: account.weightFactor.toFixed(2) })}</span>}
      </div>
    </div>
  );
}

/** When it comes back, and when it will be gone. */
function QuotaNote({ quota, now }: { quota: AccountQuota; now: number }) {
  const { t } = useTranslation();
  const left = (iso: string | null) => (iso === null ? 0 : Date.parse(iso) - now);
  const parts: string[] = [];
  if (!quota.isCurrent) parts.push(t('providers.account.stale'));
  if (quota.model) parts.push(t('providers.account.onlyFor', { model: quota.model }));
  if (left(quota.resetAt) > 0) parts.push(t('providers.account.resets', { time: countdown(left(quota.resetAt)) }));
  if (left(quota.emptyAt) > 0) parts.push(t('providers.account.emptyIn', { time: countdown(left(quota.emptyAt)) }));
  return parts.length > 0 ? <p className="mt-1 text-11 text-fg-muted">{parts.join(' · ')}</p> : null;
}

function AccountSetup({ account }: { account: ProviderAccount }) {
  const { t } = useTranslation();
  const { setup } = account;
  const [draft, setDraft] = useState(accountDraft(setup));
  const done = useRefresh(account.providerId);
  const save = useMutation({
    mutationFn: () => setAccount(account.providerId, accountInput(draft, setup)),
    onSuccess: async (answer) => {
      await done(answer);
      showToast({ tone: 'ok', title: t('providers.account.saved') });
    },
  });
  const changed = JSON.stringify(draft) !== JSON.stringify(accountDraft(setup));
  const set = (patch: Partial<AccountDraft>) => setDraft({ ...draft, ...patch });
  const field = (name: Exclude<keyof AccountDraft, 'adapter' | 'removeToken'>) => ({
    label: t(`providers.account.field.${name}`),
    value: draft[name],
    onValue: (value: string) => set({ [name]: value }),
    spellCheck: false,
  });
  const asked = draft.adapter !== 'none' && (draft.adapter !== 'auto' || setup.inUse !== null);
  return (
    <div className="flex flex-col gap-4">
      <div className="grid grid-cols-1 gap-4 sm:grid-cols-2">
        <SelectField
          label={t('providers.account.field.adapter')}
          help={draft.adapter === 'auto' && setup.adapter === 'auto' ? (setup.inUse ? t('providers.account.found', { adapter: t(`providers.account.adapter.${setup.inUse}`) }) : t('providers.account.notFound')) : undefined}
          value={draft.adapter}
          onValue={(value) => set({ adapter: value as AccountAdapter })}
          options={adapters.map((value) => ({ value, label: t(`providers.account.adapter.${value}`) }))}
        />
        {asked && <TextField {...field('token')} type="password" autoComplete="off" mono placeholder={setup.hasToken ? '••••••••' : ''} help={t('providers.account.tokenHelp')} />}
        {asked && <TextField {...field('baseUrl')} mono placeholder="https://" help={t('providers.account.baseUrlHelp')} />}
        {(draft.adapter === 'codex' || draft.adapter === 'new-api') && <TextField {...field('accountId')} mono />}
        {draft.adapter === 'code-assist' && <TextField {...field('project')} mono />}
        {asked && <TextField {...field('usdPerUnit')} inputMode="decimal" help={t('providers.account.rateHelp')} />}
      </div>
      {draft.adapter === 'custom' && <TemplateFields field={field} />}
      {setup.hasToken && asked && (
        <Switch label={t('providers.account.removeToken')} checked={draft.removeToken} onChange={(removeToken) => set({ removeToken })}>
          {t('providers.account.removeToken')}
        </Switch>
      )}
      {save.isError && <ErrorNotice error={save.error} title={t('providers.account.saveFailed')} />}
      {changed && (
        <div>
          <Button size="sm" busy={save.isPending} disabled={save.isPending} onClick={() => save.mutate()}>
            {t('providers.account.save')}
          </Button>
        </div>
      )}
    </div>
  );
}

type TemplateName = 'path' | 'balance' | 'used' | 'limit' | 'reset' | 'unit' | 'factor';

function TemplateFields({ field }: { field: (name: TemplateName) => { label: string; value: string; onValue: (value: string) => void } }) {
  const { t } = useTranslation();
  return (
    <div className="grid grid-cols-1 gap-4 sm:grid-cols-2">
      <TextField {...field('path')} className="sm:col-span-2" mono placeholder="/api/balance" help={t('providers.account.templateHelp')} />
      <TextField {...field('balance')} mono placeholder="data.balance" />
      <TextField {...field('used')} mono />
      <TextField {...field('limit')} mono />
      <TextField {...field('reset')} mono />
      <TextField {...field('unit')} placeholder="USD" />
      <TextField {...field('factor')} inputMode="decimal" placeholder="1" />
    </div>
  );
}
