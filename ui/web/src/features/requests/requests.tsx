import { useNavigate, useSearch } from '@tanstack/react-router';
import { Calendar, ChevronDown, Pause, Play, RotateCw } from 'lucide-react';
import { useCallback, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useQuery } from '@tanstack/react-query';
import { queries } from '@/api/queries';
import { Button, buttonClass } from '@/components/ui/button';
import { FilterChip, QuickChip, SearchBox } from '@/components/ui/filters';
import { Menu, type MenuItem } from '@/components/ui/menu';
import { Empty, ErrorNotice, Skeleton } from '@/components/ui/notice';
import { StateShape } from '@/components/ui/state';
import { useNames } from '@/lib/names';
import { useIsAdmin } from '@/lib/session';
import { shortId } from '@/lib/format';
import { Link } from '@tanstack/react-router';
import { RequestDrawer } from './drawer';
import { RequestList } from './list';
import { activeFilters, DEFAULT_RANGE, logFilter, ranges, type LogSearch } from './search';
import { useLogRows } from './use-log-rows';

const statusChoices = ['200', '4xx', '429', '5xx', '503', '529', 'non-200'];

type Change = (patch: Partial<LogSearch>, replace?: boolean) => void;

function useChange(): Change {
  const navigate = useNavigate({ from: '/logs' });
  return useCallback(
    (patch, replace) => void navigate({ search: (before: LogSearch) => ({ ...before, ...patch }), replace: replace ?? false }),
    [navigate],
  );
}

/** The request list: filters in the URL, rows loaded on scrolling, one row open beside. */
export function RequestsPage() {
  const { t } = useTranslation();
  const search = useSearch({ from: '/shell/logs' });
  const change = useChange();
  const [live, setLive] = useState(true);
  const [since, setSince] = useState(() => Date.now());
  const { log, tab, ...filters } = search;
  const key = JSON.stringify(filters);
  // The key stands for the filters: opening a row must not restart the list.
  const filter = useMemo(() => logFilter(JSON.parse(key) as LogSearch, since), [key, since]);
  const list = useLogRows(filter, live);
  const { rows, fetchNextPage, hasNextPage, isFetchingNextPage } = list;

  const onOpen = useCallback((id: string) => change({ log: id }, log !== undefined), [change, log]);
  const onClose = useCallback(() => {
    change({ log: undefined, tab: undefined });
    requestAnimationFrame(() => document.querySelector<HTMLElement>(`[data-log="${CSS.escape(log ?? '')}"]`)?.focus());
  }, [change, log]);
  const onStep = useCallback(
    (direction: 1 | -1) => {
      const next = rows[rows.findIndex((row) => row.id === log) + direction];
      if (next) change({ log: next.id }, true);
    },
    [rows, log, change],
  );
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);

  return (
    <div className="flex h-full">
      <div className="flex min-w-0 flex-1 flex-col">
        <h1 className="sr-only">{t('nav.requests')}</h1>
        <Toolbar search={search} change={change} live={live} setLive={setLive} narrow={log !== undefined} onRefresh={() => setSince(Date.now())} />
        {list.isPending && <Skeleton className="px-6" rows={12} />}
        {list.isError && (
          <div className="p-6">
            <ErrorNotice error={list.error} title={t('requests.loadFailed')} onRetry={() => void list.refetch()} />
          </div>
        )}
        {list.isSuccess && rows.length === 0 && <NoRows search={search} change={change} />}
        {rows.length > 0 && <RequestList rows={rows} openId={log} onOpen={onOpen} onEnd={onEnd} more={hasNextPage} narrow={log !== undefined} />}
      </div>
      {log !== undefined && (
        <RequestDrawer key={log} id={log} tab={tab ?? 'summary'} onTab={(next) => change({ tab: next === 'summary' ? undefined : next }, true)} onClose={onClose} onStep={onStep} />
      )}
    </div>
  );
}

function NoRows({ search, change }: { search: LogSearch; change: Change }) {
  const { t } = useTranslation();
  const wider = ranges[ranges.indexOf(search.range ?? DEFAULT_RANGE) + 1];
  const filtered = activeFilters(search) > 0;
  return (
    <Empty
      plain={filtered}
      title={filtered ? t('requests.noMatch') : t('requests.none')}
      actions={
        <>
          {filtered && (
            <Button
              onClick={() =>
                change({ q: undefined, status: undefined, user: undefined, provider: undefined, model: undefined, session: undefined, errors: undefined, retries: undefined })
              }
            >
              {t('common.clearFilters')}
            </Button>
          )}
          {wider && <Button onClick={() => change({ range: wider })}>{t('requests.widen', { range: t(`range.${wider}`) })}</Button>}
          {!filtered && (
            <Link to="/docs/setup" className={buttonClass('primary')}>
              {t('nav.clients')}
            </Link>
          )}
        </>
      }
    >
      {filtered ? t('requests.noMatchHelp') : t('requests.noneHelp')}
    </Empty>
  );
}

interface ToolbarProps {
  search: LogSearch;
  change: Change;
  live: boolean;
  setLive: (live: boolean) => void;
  narrow: boolean;
  onRefresh: () => void;
}

function Toolbar({ search, change, live, setLive, narrow, onRefresh }: ToolbarProps) {
  const { t } = useTranslation();
  const range = search.range ?? DEFAULT_RANGE;
  const rangeItems: MenuItem[] = ranges.map((name) => ({
    label: t(`range.${name}`),
    checked: name === range,
    onSelect: () => change({ range: name === DEFAULT_RANGE ? undefined : name }),
  }));
  return (
    <div className="flex flex-wrap items-center gap-2 px-4 py-3 lg:px-6">
      <SearchBox value={search.q ?? ''} onValue={(q) => change({ q: q || undefined }, true)} label={t('requests.search')} narrow={narrow} />
      <Menu
        align="start"
        groups={[rangeItems]}
        trigger={
          <Button size="sm">
            <Calendar size={13} className="text-fg-muted" aria-hidden="true" />
            {t(`range.${range}`)}
            <ChevronDown size={13} className="text-fg-muted" aria-hidden="true" />
          </Button>
        }
      />
      <Filters search={search} change={change} narrow={narrow} />
      <span className="ml-auto flex gap-2">
        <Button size="sm" aria-pressed={live} onClick={() => setLive(!live)}>
          {live ? <StateShape tone="live" /> : <Play size={12} aria-hidden="true" />}
          {live ? t('requests.liveTail') : t('requests.paused')}
          {live && <Pause size={12} className="text-fg-muted" aria-hidden="true" />}
        </Button>
        {!narrow && (
          <Button size="sm" iconOnly aria-label={t('common.refresh')} onClick={onRefresh}>
            <RotateCw size={13} />
          </Button>
        )}
      </span>
    </div>
  );
}

function Filters({ search, change, narrow }: { search: LogSearch; change: Change; narrow: boolean }) {
  const { t } = useTranslation();
  const admin = useIsAdmin();
  const names = useNames();
  const users = useQuery({ ...queries.users(), enabled: admin }).data ?? [];
  const providers = useQuery({ ...queries.providers(), enabled: admin }).data ?? [];
  return (
    <>
      {admin && users.length > 0 && (
        <FilterChip
          label={t('requests.user')}
          value={search.user === undefined ? undefined : names.userName(search.user)}
          onClear={() => change({ user: undefined })}
          options={users.map((user) => ({ label: user.name, checked: user.id === search.user, onSelect: () => change({ user: user.id }) }))}
        />
      )}
      {admin && providers.length > 0 && (
        <FilterChip
          label={t('requests.provider')}
          value={search.provider === undefined ? undefined : names.providerName(search.provider)}
          onClear={() => change({ provider: undefined })}
          options={providers.map((provider) => ({ label: provider.name, checked: provider.id === search.provider, onSelect: () => change({ provider: provider.id }) }))}
        />
      )}
      <FilterChip
        label={t('requests.status')}
        value={search.status}
        onClear={() => change({ status: undefined })}
        options={statusChoices.map((status) => ({ label: status, checked: status === search.status, onSelect: () => change({ status }) }))}
      />
      {search.session && (
        <FilterChip label={t('requests.session')} value={shortId(search.session)} onClear={() => change({ session: undefined })} options={[]} />
      )}
      {search.model && <FilterChip label={t('requests.model')} value={search.model} onClear={() => change({ model: undefined })} options={[]} />}
      <QuickChip on={!!search.errors} onChange={(on) => change({ errors: on || undefined })}>
        {t('requests.errors')}
      </QuickChip>
      {/* Beside the drawer the quick chips drop first; a set one stays. */}
      {(!narrow || search.retries) && <QuickChip on={!!search.retries} onChange={(on) => change({ retries: on || undefined })}>
        {t('requests.withRetries')}
      </QuickChip>}
    </>
  );
}
