import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { FlaskConical, List, MoreHorizontal, Pencil, Plus, RotateCcw, Trash2 } from 'lucide-react';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { queries } from '@/api/queries';
import type { Provider, ProviderHealth } from '@/api/types';
import { FilterRow, PageTitle } from '@/components/shell/page';
import { QuotaBar } from '@/components/ui/bars';
import { Button } from '@/components/ui/button';
import { Confirm } from '@/components/ui/dialog';
import { FilterChip, SearchBox } from '@/components/ui/filters';
import { Mark, markOf, type MarkKind } from '@/components/ui/marks';
import { Menu } from '@/components/ui/menu';
import { Empty, ErrorNotice, Skeleton } from '@/components/ui/notice';
import { Badge, StateShape, type Tone } from '@/components/ui/state';
import { Table, Td, Th } from '@/components/ui/table';
import { Switch } from '@/components/ui/toggle';
import { useFormat } from '@/i18n/use-format';
import { cn } from '@/lib/cn';
import { useNow } from '@/lib/clock';
import type { ListSearch } from '@/lib/list-search';
import { useMedia } from '@/lib/media';
import { barQuotas } from './account';
import { AccountBars } from './account-bars';
import { useProviderActions } from './actions';
import { plainMessage } from '@/features/requests/chain';
import { BreakerState } from './breaker-cell';
import { countHealth, readHealth } from './health';
import { ProviderSheet } from './provider-sheet';
import { TestDialog } from './test-dialog';

const kinds: MarkKind[] = ['claude', 'openai', 'other', 'gemini'];
const stateTones: [keyof ReturnType<typeof countHealth>, Tone][] = [
  ['closed', 'ok'],
  ['half_open', 'half'],
  ['open', 'open'],
  ['disabled', 'off'],
];

function host(url: string): string {
  try {
    return new URL(url).host || url;
  } catch {
    return url;
  }
}

/** Filters in the browser: the list is small and complete. */
export function matchProvider(provider: Provider, search: ListSearch, state: string): boolean {
  const q = search.q?.toLowerCase();
  if (q && ![provider.name, host(provider.url), provider.description ?? ''].some((text) => text.toLowerCase().includes(q))) return false;
  if (search.type && provider.type !== search.type) return false;
  if (search.group && !provider.groups.includes(search.group)) return false;
  return !search.state || state === search.state;
}

/** The order in which the scheduler looks: smaller priority first, then the heavier weight. */
const effectiveOrder = (a: Provider, b: Provider) => a.priority - b.priority || b.weight - a.weight || a.name.localeCompare(b.name);

export function ProvidersPage() {
  const { t } = useTranslation();
  const search = useSearch({ from: '/shell/providers' });
  const navigate = useNavigate({ from: '/providers' });
  const list = useQuery(queries.providers());
  const health = useQuery(queries.providersHealth());
  const now = useNow(1000);
  const [testing, setTesting] = useState<Provider>();
  const [deleting, setDeleting] = useState<Provider>();
  const { remove } = useProviderActions();
  const change = (patch: Partial<ListSearch>, replace = false) => void navigate({ search: (before: ListSearch) => ({ ...before, ...patch }), replace });
  const healthOf = useMemo(() => new Map(health.data?.map((item) => [item.providerId, item])), [health.data]);
  const providers = list.data ?? [];
  const shown = providers.filter((provider) => matchProvider(provider, search, readHealth(provider, healthOf.get(provider.id), now).key)).sort(effectiveOrder);
  const counts = countHealth(providers, health.data);

  return (
    <div className="flex h-full flex-col">
      <PageTitle
        title={t('nav.providers')}
        facts={stateTones
          .filter(([key]) => counts[key] > 0)
          .map(([key, tone]) => (
            <span key={key} className="inline-flex items-center gap-1.5">
              <StateShape tone={tone} size={8} />
              {t(`providers.count.${key}`, { count: counts[key] })}
            </span>
          ))}
        actions={
          <Button tone="primary" onClick={() => change({ edit: 'new' })}>
            <Plus size={14} aria-hidden="true" />
            {t('providers.add')}
          </Button>
        }
      />
      {providers.length > 0 && <Filters providers={providers} search={search} change={change} />}
      <div className="min-h-0 flex-1 overflow-auto">
        {list.isPending && <Skeleton className="px-6" />}
        {list.isError && (
          <div className="p-6">
            <ErrorNotice error={list.error} title={t('providers.loadFailed')} onRetry={() => void list.refetch()} />
          </div>
        )}
        {list.isSuccess && providers.length === 0 && (
          <Empty
            title={t('providers.none')}
            actions={
              <>
                <Button tone="primary" onClick={() => change({ edit: 'new' })}>
                  {t('providers.add')}
                </Button>
                <Button onClick={() => void navigate({ to: '/setup' })}>{t('nav.setup')}</Button>
              </>
            }
          >
            {t('providers.noneHelp')}
          </Empty>
        )}
        {providers.length > 0 && shown.length === 0 && (
          <Empty plain title={t('providers.noMatch')} actions={<Button onClick={() => void navigate({ search: {} })}>{t('common.clearFilters')}</Button>} />
        )}
        {shown.length > 0 && (
          <ProviderTable
            providers={shown}
            healthOf={healthOf}
            now={now}
            onEdit={(provider) => change({ edit: String(provider.id) })}
            onTest={setTesting}
            onDelete={setDeleting}
          />
        )}
      </div>
      {search.edit && list.isSuccess && (
        <ProviderSheet
          key={search.edit}
          provider={providers.find((provider) => String(provider.id) === search.edit)}
          peers={providers}
          health={healthOf.get(Number(search.edit))}
          onClose={() => change({ edit: undefined, back: undefined })}
          onSaved={() => (search.back === 'setup' ? void navigate({ to: '/setup' }) : change({ edit: undefined }))}
        />
      )}
      {testing && <TestDialog title={testing.name} input={{ providerId: testing.id }} type={testing.type} onClose={() => setTesting(undefined)} />}
      {deleting && (
        <Confirm
          title={t('providers.deleteTitle', { name: deleting.name })}
          description={t('providers.deleteHelp')}
          confirmLabel={t('providers.delete')}
          busy={remove.isPending}
          onClose={() => setDeleting(undefined)}
          onConfirm={() => remove.mutate(deleting, { onSettled: () => setDeleting(undefined) })}
        />
      )}
    </div>
  );
}

function Filters({ providers, search, change }: { providers: Provider[]; search: ListSearch; change: (patch: Partial<ListSearch>, replace?: boolean) => void }) {
  const { t } = useTranslation();
  const types = [...new Set(providers.map((provider) => provider.type))];
  const groups = [...new Set(providers.flatMap((provider) => provider.groups))].sort();
  const item = (name: 'type' | 'group' | 'state') => (value: string, label: string) => ({
    label,
    checked: search[name] === value,
    onSelect: () => change({ [name]: value }),
  });
  return (
    <FilterRow>
      <SearchBox value={search.q ?? ''} onValue={(q) => change({ q: q || undefined }, true)} label={t('providers.search')} />
      <FilterChip
        label={t('providers.type')}
        value={search.type && t(`types.${search.type}`)}
        onClear={() => change({ type: undefined })}
        options={types.map((type) => item('type')(type, t(`types.${type}`)))}
      />
      <FilterChip label={t('providers.group')} value={search.group} onClear={() => change({ group: undefined })} options={groups.map((group) => item('group')(group, group))} />
      <FilterChip
        label={t('providers.state')}
        value={search.state && t(`breaker.${search.state}`)}
        onClear={() => change({ state: undefined })}
        options={['closed', 'half_open', 'open', 'cooling', 'exhausted', 'disabled'].map((state) => item('state')(state, t(`breaker.${state}`)))}
      />
    </FilterRow>
  );
}

interface TableProps {
  providers: Provider[];
  healthOf: Map<number, ProviderHealth>;
  now: number;
  onEdit: (provider: Provider) => void;
  onTest: (provider: Provider) => void;
  onDelete: (provider: Provider) => void;
}

function ProviderTable(props: TableProps) {
  const { t } = useTranslation();
  const phone = useMedia('(max-width: 767px)');
  const sections = kinds.map((kind) => ({ kind, items: props.providers.filter((provider) => markOf(provider.type) === kind) })).filter((section) => section.items.length > 0);
  if (phone) {
    return (
      <ul className="border-t border-line bg-panel">
        {props.providers.map((provider) => (
          <PhoneRow key={provider.id} provider={provider} {...props} />
        ))}
      </ul>
    );
  }
  return (
    <Table label={t('nav.providers')} className="min-w-[760px]">
      <thead>
        <tr>
          <Th className="w-12">
            <span className="sr-only">{t('providers.enabled')}</span>
          </Th>
          <Th className="w-32">{t('providers.breaker')}</Th>
          <Th className="w-[22%]">{t('providers.provider')}</Th>
          <Th>{t('providers.groups')}</Th>
          <Th right className="w-16">{t('providers.priorityShort')}</Th>
          <Th right className="w-16">{t('providers.weight')}</Th>
          <Th right className="w-16">{t('providers.costShort')}</Th>
          <Th className="w-28">{t('providers.inFlight')}</Th>
          <Th className="hidden w-40 lg:table-cell">{t('providers.account.title')}</Th>
          <Th right className="w-16">{t('providers.sessions')}</Th>
          <Th className="hidden w-[17%] xl:table-cell">{t('providers.lastError')}</Th>
          <Th className="w-12">
            <span className="sr-only">{t('common.actions')}</span>
          </Th>
        </tr>
      </thead>
      {sections.map(({ kind, items }) => (
        <tbody key={kind}>
          <tr>
            <th scope="colgroup" colSpan={12} className="h-8 border-b border-line bg-bg px-4 text-left text-13 lg:px-6">
              <span className="font-semibold">{t(`kinds.${kind}`)}</span>
              <span className="ml-2 text-12 font-normal text-fg-muted">
                {t('providers.sectionFacts', { count: items.length, tiers: [...new Set(items.map((provider) => provider.priority))].sort((a, b) => a - b).join(', ') })}
              </span>
            </th>
          </tr>
          {items.map((provider) => (
            <ProviderRow key={provider.id} provider={provider} {...props} />
          ))}
        </tbody>
      ))}
    </Table>
  );
}

function RowMenu({ provider, onEdit, onTest, onDelete, health }: { provider: Provider; health: ProviderHealth | undefined } & Pick<TableProps, 'onEdit' | 'onTest' | 'onDelete'>) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { reset } = useProviderActions();
  return (
    <Menu
      groups={[
        [
          { label: t('common.edit'), icon: <Pencil size={14} />, onSelect: () => onEdit(provider) },
          { label: t('providers.test'), icon: <FlaskConical size={14} />, onSelect: () => onTest(provider) },
          {
            label: t('providers.resetBreaker'),
            icon: <RotateCcw size={14} />,
            disabled: !health || (health.state === 'closed' && health.failures === 0 && !health.coolingUntil),
            onSelect: () => reset.mutate(provider),
          },
          { label: t('providers.viewRequests'), icon: <List size={14} />, onSelect: () => void navigate({ to: '/logs', search: { provider: provider.id } }) },
        ],
        [{ label: t('providers.delete'), icon: <Trash2 size={14} />, danger: true, onSelect: () => onDelete(provider) }],
      ]}
      trigger={
        <Button tone="ghost" size="sm" iconOnly aria-label={t('common.actionsFor', { name: provider.name })}>
          <MoreHorizontal size={16} />
        </Button>
      }
    />
  );
}

function EnabledSwitch({ provider }: { provider: Provider }) {
  const { t } = useTranslation();
  const { patch } = useProviderActions();
  return (
    <Switch
      label={t('providers.enable', { name: provider.name })}
      checked={provider.isEnabled}
      disabled={patch.isPending}
      onChange={(isEnabled) => patch.mutate({ provider, body: { isEnabled } })}
    />
  );
}

function ProviderRow({ provider, healthOf, now, ...actions }: { provider: Provider } & TableProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const health = healthOf.get(provider.id);
  const muted = !provider.isEnabled && 'text-fg-muted';
  return (
    <tr className="group h-[46px] bg-panel hover:bg-hover" data-provider={provider.name}>
      <Td>
        <EnabledSwitch provider={provider} />
      </Td>
      <Td>
        <BreakerState provider={provider} health={health} now={now} />
      </Td>
      <Td className="max-w-80">
        <span className="flex items-center gap-2.5">
          <Mark type={provider.type} />
          <span className="min-w-0">
            <button type="button" onClick={() => actions.onEdit(provider)} className={cn('block max-w-full truncate text-left font-medium hover:underline', muted)}>
              {provider.name}
            </button>
            <span className="block truncate text-12 text-fg-muted" title={provider.url}>
              {host(provider.url)}
              {provider.keyLast4 && <span className="font-code"> ··{provider.keyLast4}</span>}
            </span>
          </span>
        </span>
      </Td>
      <Td>
        <span className="flex flex-wrap gap-1">
          {provider.groups.map((group) => (
            <Badge key={group} small>
              {group}
            </Badge>
          ))}
        </span>
      </Td>
      <Td right className={cn(muted)}>{provider.priority}</Td>
      <Td right className={cn(muted)}>{provider.weight}</Td>
      <Td right className={cn(muted)}>{provider.costMultiplier.toFixed(2)}</Td>
      <Td>
        {health ? (
          <QuotaBar used={health.inFlight} limit={health.limit} format={format.count} label={t('providers.inFlight')} />
        ) : (
          <span className="text-fg-muted">–</span>
        )}
      </Td>
      <Td className="hidden lg:table-cell">
        <AccountBars account={health?.account} />
      </Td>
      <Td right className={cn(!health?.sessions && 'text-fg-faint')}>{health?.sessions ?? 0}</Td>
      <Td className="hidden max-w-0 xl:table-cell">
        <span className="block truncate text-12 text-fg-muted" title={health?.lastError ?? undefined}>
          {health?.lastError ? [health.lastErrorStatus, plainMessage(health.lastError)].filter(Boolean).join(' · ') : ''}
        </span>
      </Td>
      <Td right>
        <RowMenu provider={provider} health={health} {...actions} />
      </Td>
    </tr>
  );
}

function PhoneRow({ provider, healthOf, now, ...actions }: { provider: Provider } & TableProps) {
  const health = healthOf.get(provider.id);
  return (
    <li className="flex min-h-14 items-center gap-3 border-b border-line px-4 py-2" data-provider={provider.name}>
      <EnabledSwitch provider={provider} />
      <span className="min-w-0 flex-1">
        <span className="flex items-center gap-2">
          <Mark type={provider.type} size={14} />
          <button type="button" onClick={() => actions.onEdit(provider)} className="min-w-0 truncate text-13 font-medium">
            {provider.name}
          </button>
        </span>
        <span className="block truncate text-12 text-fg-muted">{host(provider.url)}</span>
        {health && barQuotas(health.account).length > 0 && <AccountBars account={health.account} className="mt-1 max-w-40" />}
      </span>
      <span className="text-12">
        <BreakerState provider={provider} health={health} now={now} />
      </span>
      <RowMenu provider={provider} health={health} {...actions} />
    </li>
  );
}
