import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Download } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { queries, type OwnLogFilter } from '@/api/queries';
import { Panel, PanelTitle } from '@/components/shell/page';
import { Button } from '@/components/ui/button';
import { FilterChip } from '@/components/ui/filters';
import { Empty, ErrorNotice, Skeleton } from '@/components/ui/notice';
import { LogList } from './log-list';
import { choicesWith } from './log-search';
import { statusChoices, type MeSearch } from './search';
import { useLogFile } from './use-log-file';

interface LogPanelProps {
  search: MeSearch;
  filter: NonNullable<OwnLogFilter>;
  /** Requests of several keys are shown. */
  manyKeys: boolean;
  onChange: (patch: Partial<MeSearch>) => void;
}

/** One's own requests, newest first, and the file of them. */
export function LogPanel({ search, filter, manyKeys, onChange }: LogPanelProps) {
  const { t } = useTranslation();
  const list = useInfiniteQuery(queries.ownLogs(filter));
  const file = useLogFile(filter);
  const rows = list.data?.pages.flatMap((page) => page.items) ?? [];
  const onEnd = () => {
    if (list.hasNextPage && !list.isFetchingNextPage) void list.fetchNextPage();
  };
  return (
    <Panel label={t('nav.requests')} className="overflow-hidden">
      <PanelTitle
        title={t('nav.requests')}
        actions={
          <>
            <Filters search={search} from={filter.from} onChange={onChange} />
            <Button size="sm" busy={file.isPending} disabled={rows.length === 0 || file.isPending} onClick={() => file.mutate()}>
              <Download size={14} aria-hidden="true" />
              {t('leaderboard.csv')}
            </Button>
          </>
        }
      />
      {list.isPending && <Skeleton className="border-t border-line px-4" rows={8} />}
      {list.isError && <ErrorNotice error={list.error} title={t('requests.loadFailed')} onRetry={() => void list.refetch()} className="mx-4 mb-4" />}
      {list.isSuccess && rows.length === 0 && <NoRows search={search} onChange={onChange} />}
      {rows.length > 0 && <LogList rows={rows} more={list.hasNextPage} onEnd={onEnd} manyKeys={manyKeys} />}
    </Panel>
  );
}

function Filters({ search, from, onChange }: Pick<LogPanelProps, 'search' | 'onChange'> & { from: string | undefined }) {
  const { t } = useTranslation();
  const models = useQuery(queries.ownLogFacets(from)).data?.models ?? [];
  return (
    <>
      {(models.length > 0 || search.model) && (
        <FilterChip
          label={t('requests.model')}
          value={search.model}
          onClear={() => onChange({ model: undefined })}
          options={choicesWith(models, search.model).map((model) => ({ label: model, checked: model === search.model, onSelect: () => onChange({ model }) }))}
        />
      )}
      <FilterChip
        label={t('requests.status')}
        value={search.status}
        onClear={() => onChange({ status: undefined })}
        options={choicesWith(statusChoices, search.status).map((status) => ({ label: status, checked: status === search.status, onSelect: () => onChange({ status }) }))}
      />
    </>
  );
}

function NoRows({ search, onChange }: Pick<LogPanelProps, 'search' | 'onChange'>) {
  const { t } = useTranslation();
  if (search.model === undefined && search.status === undefined) return <Empty title={t('requests.none')}>{t('requests.noneHelp')}</Empty>;
  return (
    <Empty plain title={t('requests.noMatch')} actions={<Button onClick={() => onChange({ model: undefined, status: undefined })}>{t('common.clearFilters')}</Button>}>
      {t('requests.noMatchHelp')}
    </Empty>
  );
}
