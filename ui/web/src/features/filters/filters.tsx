import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { queries } from '@/api/queries';
import type { RequestFilter } from '@/api/types';
import { FilterRow, PageTitle } from '@/components/shell/page';
import { Button } from '@/components/ui/button';
import { Confirm } from '@/components/ui/dialog';
import { FilterChip, SearchBox } from '@/components/ui/filters';
import { Empty, ErrorNotice, Skeleton } from '@/components/ui/notice';
import type { ListSearch } from '@/lib/list-search';
import { useFilterActions } from './actions';
import { exampleDraft, filterDraft, kinds } from './draft';
import { FilterSheet } from './filter-sheet';
import { FilterTable } from './filter-table';
import { listFilters } from './listing';
import { TrialDialog } from './trial-dialog';

type Change = (patch: Partial<ListSearch>, replace?: boolean) => void;

/** What is changed in requests before they are sent. */
export function FiltersPage() {
  const { t } = useTranslation();
  const search = useSearch({ from: '/shell/settings/request-filters' });
  const navigate = useNavigate({ from: '/settings/request-filters' });
  const list = useQuery(queries.requestFilters());
  const [trying, setTrying] = useState<RequestFilter>();
  const [deleting, setDeleting] = useState<RequestFilter>();
  const { remove } = useFilterActions();
  const change: Change = (patch, replace = false) => void navigate({ search: (before: ListSearch) => ({ ...before, ...patch }), replace });
  const filters = list.data ?? [];
  const shown = listFilters(filters, search);
  const enabled = filters.filter((filter) => filter.isEnabled).length;
  return (
    <div className="flex h-full flex-col">
      <PageTitle
        title={t('nav.filters')}
        facts={filters.length > 0 && <span>{t('filters.count', { count: filters.length, enabled })}</span>}
        actions={
          <Button tone="primary" onClick={() => change({ edit: 'new' })}>
            <Plus size={14} aria-hidden="true" />
            {t('filters.create')}
          </Button>
        }
      />
      {filters.length > 0 && <Filters search={search} change={change} />}
      <div className="min-h-0 flex-1 overflow-auto">
        {list.isPending && <Skeleton className="px-6" />}
        {list.isError && (
          <div className="p-6">
            <ErrorNotice error={list.error} title={t('filters.loadFailed')} onRetry={() => void list.refetch()} />
          </div>
        )}
        {list.isSuccess && filters.length === 0 && <Nothing change={change} />}
        {filters.length > 0 && shown.length === 0 && (
          <Empty plain title={t('filters.noMatch')} actions={<Button onClick={() => void navigate({ search: {} })}>{t('common.clearFilters')}</Button>} />
        )}
        {shown.length > 0 && <FilterTable filters={shown} onEdit={(filter) => change({ edit: String(filter.id) })} onTry={setTrying} onDelete={setDeleting} />}
      </div>
      {list.isSuccess && <Form filters={filters} edit={search.edit} onClose={() => change({ edit: undefined })} />}
      {trying && <TrialDialog filter={filterDraft(trying)} onClose={() => setTrying(undefined)} />}
      {deleting && (
        <Confirm
          title={t('filters.deleteTitle', { name: deleting.name })}
          description={t('filters.deleteHelp')}
          confirmLabel={t('filters.delete')}
          busy={remove.isPending}
          onClose={() => setDeleting(undefined)}
          onConfirm={() => remove.mutate(deleting, { onSettled: () => setDeleting(undefined) })}
        />
      )}
    </div>
  );
}

/** The form named in the address: "new", "example", or a filter by id. */
function Form({ filters, edit, onClose }: { filters: RequestFilter[]; edit: string | undefined; onClose: () => void }) {
  const { t } = useTranslation();
  const filter = filters.find((candidate) => String(candidate.id) === edit);
  if (edit === 'example') return <FilterSheet key={edit} filter={undefined} example={exampleDraft(t('filters.exampleName'))} onClose={onClose} />;
  if (edit !== 'new' && !filter) return null;
  return <FilterSheet key={edit} filter={filter} onClose={onClose} />;
}

function Nothing({ change }: { change: Change }) {
  const { t } = useTranslation();
  return (
    <Empty
      title={t('filters.none')}
      actions={
        <>
          <Button tone="primary" onClick={() => change({ edit: 'new' })}>
            {t('filters.create')}
          </Button>
          <Button onClick={() => change({ edit: 'example' })}>{t('filters.example')}</Button>
        </>
      }
    >
      {t('filters.noneHelp')}
    </Empty>
  );
}

function Filters({ search, change }: { search: ListSearch; change: Change }) {
  const { t } = useTranslation();
  const kind = kinds.find((known) => known === search.type);
  const states = ['enabled', 'disabled'] as const;
  const state = states.find((known) => known === search.state);
  return (
    <FilterRow>
      <SearchBox value={search.q ?? ''} onValue={(q) => change({ q: q || undefined }, true)} label={t('filters.search')} />
      <FilterChip
        label={t('filters.field.kind')}
        value={kind && t(`filters.kind.${kind}`)}
        onClear={() => change({ type: undefined })}
        options={kinds.map((type) => ({ label: t(`filters.kind.${type}`), checked: type === kind, onSelect: () => change({ type }) }))}
      />
      <FilterChip
        label={t('filters.stateLabel')}
        value={state && t(`filters.state.${state}`)}
        onClear={() => change({ state: undefined })}
        options={states.map((value) => ({ label: t(`filters.state.${value}`), checked: value === state, onSelect: () => change({ state: value }) }))}
      />
    </FilterRow>
  );
}
