import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Download } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { queries } from '@/api/queries';
import type { Board, BoardRow } from '@/api/types';
import { boot } from '@/boot';
import { FilterRow, PageTitle } from '@/components/shell/page';
import { Button } from '@/components/ui/button';
import { FilterChip } from '@/components/ui/filters';
import { Empty, ErrorNotice, Skeleton } from '@/components/ui/notice';
import { Segmented } from '@/components/ui/toggle';
import { cn } from '@/lib/cn';
import { useNow } from '@/lib/clock';
import { useMedia } from '@/lib/media';
import { providerTypes } from '@/lib/provider-types';
import { useIsAdmin } from '@/lib/session';
import { BoardList } from './board-list';
import { BoardTable, type BoardTableProps } from './board-table';
import { boardFilter, customDays, daysFault } from './period';
import { PeriodPicker } from './period-picker';
import { requestsOf } from './requests-of';
import { metrics, scopes, type BoardSearch, type Metric, type Scope } from './search';
import { ShareStrip } from './share-strip';
import { useExport } from './use-export';

/** Who and what was used most, and how that changed. */
export function LeaderboardPage() {
  const { t } = useTranslation();
  const search = useSearch({ from: '/shell/leaderboard' });
  const navigate = useNavigate({ from: '/leaderboard' });
  const now = useNow(60_000);
  const fault = search.period === 'custom' ? daysFault(customDays(search, now, boot.timezone)) : undefined;
  const filter = boardFilter(search, now, boot.timezone);
  const list = useQuery({ ...queries.leaderboard(filter), enabled: !fault });
  const file = useExport(filter);
  const change = (patch: Partial<BoardSearch>) => void navigate({ search: (before: BoardSearch) => ({ ...before, ...patch }) });
  const board = fault ? undefined : list.data;
  return (
    <div className="flex h-full flex-col">
      <PageTitle
        title={t('nav.leaderboard')}
        actions={
          <>
            <PeriodPicker search={search} board={list.isPlaceholderData ? undefined : board} now={now} onChange={(patch) => change({ ...patch, open: undefined })} />
            <Button size="sm" busy={file.isPending} disabled={!board || board.items.length === 0 || file.isPending} onClick={() => file.mutate()}>
              <Download size={14} aria-hidden="true" />
              {t('leaderboard.csv')}
            </Button>
          </>
        }
      />
      <Filters search={search} onChange={change} />
      <div className={cn('min-h-0 flex-1 overflow-auto', list.isPlaceholderData && 'opacity-60')} aria-busy={list.isPlaceholderData}>
        {fault && (
          <p role="alert" className="px-6 py-3 text-13 text-err">
            {t(`leaderboard.faults.${fault}`)}
          </p>
        )}
        {!fault && list.isPending && <Skeleton className="px-6" />}
        {!fault && list.isError && (
          <div className="p-6">
            <ErrorNotice error={list.error} title={t('leaderboard.loadFailed')} onRetry={() => void list.refetch()} />
          </div>
        )}
        {board && <Ranking board={board} search={search} onChange={change} />}
      </div>
    </div>
  );
}

interface PartProps {
  search: BoardSearch;
  onChange: (patch: Partial<BoardSearch>) => void;
}

function metricPatch(metric: Metric): Partial<BoardSearch> {
  return { metric: metric === 'cost' ? undefined : metric };
}

function scopePatch(scope: Scope): Partial<BoardSearch> {
  return { scope: scope === 'user' ? undefined : scope, open: undefined };
}

function Filters({ search, onChange }: PartProps) {
  const { t } = useTranslation();
  const admin = useIsAdmin();
  const users = useQuery({ ...queries.users(), enabled: admin }).data;
  const groups = [...new Set(users?.flatMap((user) => user.groups))].sort();
  return (
    <FilterRow>
      <Segmented label={t('leaderboard.scope')} value={search.scope ?? 'user'} onChange={(scope) => onChange(scopePatch(scope))} options={scopes.map((value) => ({ value, label: t(`leaderboard.scopes.${value}`) }))} />
      <span className="ml-2 text-12 text-fg-muted max-md:hidden" aria-hidden="true">
        {t('leaderboard.rankBy')}
      </span>
      <Segmented label={t('leaderboard.rankBy')} value={search.metric ?? 'cost'} onChange={(metric) => onChange(metricPatch(metric))} options={metrics.map((value) => ({ value, label: t(`leaderboard.column.${value}`) }))} />
      <span className="flex flex-wrap gap-2 md:ml-auto">
        {(groups.length > 0 || search.group) && (
          <FilterChip
            label={t('leaderboard.group')}
            value={search.group}
            onClear={() => onChange({ group: undefined })}
            options={groups.map((group) => ({ label: group, checked: group === search.group, onSelect: () => onChange({ group }) }))}
          />
        )}
        <FilterChip
          label={t('leaderboard.providerType')}
          value={search.type && t(`types.${search.type}`)}
          onClear={() => onChange({ type: undefined })}
          options={providerTypes.map((type) => ({ label: t(`types.${type}`), checked: type === search.type, onSelect: () => onChange({ type }) }))}
        />
      </span>
    </FilterRow>
  );
}

function Ranking({ board, search, onChange }: PartProps & { board: Board }) {
  const { t } = useTranslation();
  const admin = useIsAdmin();
  const phone = useMedia('(max-width: 767px)');
  if (board.items.length === 0) {
    const filtered = search.type !== undefined || search.group !== undefined;
    if (!filtered) return <Empty title={t('leaderboard.empty')}>{t('leaderboard.emptyHelp')}</Empty>;
    return <Empty plain title={t('leaderboard.noMatch')} actions={<Button onClick={() => onChange({ type: undefined, group: undefined })}>{t('common.clearFilters')}</Button>} />;
  }
  const scope = search.scope ?? 'user';
  const metric = search.metric ?? 'cost';
  const props: BoardTableProps = {
    rows: board.items,
    scope,
    metric,
    moving: board.previousFrom !== null,
    open: search.open,
    onToggle: (key: string) => onChange({ open: key === search.open ? undefined : key }),
    onMetric: (next: Metric) => onChange(metricPatch(next)),
    requestsOf: (row: BoardRow) => (admin ? requestsOf(search, row) : undefined),
  };
  return (
    <>
      <ShareStrip board={board} scope={scope} metric={metric} period={search.period ?? 'daily'} />
      {phone ? <BoardList {...props} /> : <BoardTable {...props} />}
    </>
  );
}
