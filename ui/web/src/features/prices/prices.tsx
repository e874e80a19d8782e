import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Calculator, ChevronLeft, ChevronRight, Plus, RefreshCw, Upload } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { deletePrice, syncPrices } from '@/api/mutations';
import { queries } from '@/api/queries';
import type { Price } from '@/api/types';
import { FilterRow, PageTitle } from '@/components/shell/page';
import { Button } from '@/components/ui/button';
import { Confirm } from '@/components/ui/dialog';
import { FilterChip, QuickChip, SearchBox } from '@/components/ui/filters';
import { Empty, ErrorNotice, Skeleton } from '@/components/ui/notice';
import { showToast } from '@/components/ui/toast';
import { Segmented } from '@/components/ui/toggle';
import { useErrorText } from '@/i18n/error-text';
import { useFormat } from '@/i18n/use-format';
import { useNow } from '@/lib/clock';
import { CalculatorDialog } from './calculator-dialog';
import { PriceNotices } from './notices';
import { PriceSheet } from './price-sheet';
import { PriceTable } from './price-table';
import { reportText } from './report';
import { sources, type PriceSearch } from './search';
import { UploadDialog } from './upload-dialog';

const PAGE_SIZE = 50;
/** Vendors with a button of their own; the others are a search away. */
const VENDORS = 4;

/** Where the figures come from, and of when they are. */
function Facts({ total }: { total: number }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow(60_000);
  const status = useQuery(queries.priceStatus()).data;
  if (!status) return <span>{t('prices.models', { count: total })}</span>;
  const synced = status.syncedAt ? t('prices.synced', { at: format.rowTime(status.syncedAt, now) }) : t(status.url ? 'prices.notSynced' : 'prices.syncOff');
  return (
    <>
      <span>{`${t('prices.models', { count: total })}, ${synced}`}</span>
      {status.seedInForce > 0 && <span>{t('prices.seedFacts', { count: status.seedInForce, date: format.shortDate(`${status.seedDate}T12:00:00Z`, now) })}</span>}
      {status.error && <span className="font-medium text-warn">{t('prices.syncError', { error: status.error })}</span>}
    </>
  );
}

function useSync() {
  const { t } = useTranslation();
  const text = useErrorText();
  const client = useQueryClient();
  return useMutation({
    mutationFn: syncPrices,
    onSuccess: (report) => showToast({ tone: 'ok', title: t('prices.syncDone'), detail: reportText(t, report) }),
    onError: (error) => showToast({ tone: 'open', title: t('prices.syncFailed'), detail: text(error) }),
    onSettled: () => client.invalidateQueries({ queryKey: ['prices'] }),
  });
}

export function PricesPage() {
  const { t } = useTranslation();
  const search = useSearch({ from: '/shell/prices' });
  const navigate = useNavigate({ from: '/prices' });
  const [dialog, setDialog] = useState<'upload' | 'calculator'>();
  const [deleting, setDeleting] = useState<Price>();
  const page = search.page ?? 1;
  const list = useQuery(
    queries.prices({ q: search.q, vendor: search.vendor, source: search.source, inUse: search.inUse, sort: search.sort ?? 'name', order: search.order, page, pageSize: PAGE_SIZE }),
  );
  const sync = useSync();
  const change = (patch: Partial<PriceSearch>, replace = false) =>
    void navigate({ search: (before: PriceSearch) => ({ ...before, page: undefined, ...patch }), replace });
  const open = (edit: string | undefined) => void navigate({ search: (before: PriceSearch) => ({ ...before, edit }) });
  const vendors = list.data?.vendors.slice(0, VENDORS) ?? [];
  const models = list.data?.vendors.reduce((sum, vendor) => sum + vendor.models, 0) ?? 0;
  const options = [{ value: '', label: t('prices.all') }, ...vendors.map(({ vendor, models: count }) => ({ value: vendor, label: `${vendor} ${count}` }))];
  if (search.vendor && !vendors.some(({ vendor }) => vendor === search.vendor)) options.push({ value: search.vendor, label: search.vendor });

  return (
    <div className="flex h-full flex-col">
      <PageTitle
        title={t('nav.prices')}
        facts={list.data && <Facts total={models} />}
        actions={
          <>
            <Button onClick={() => setDialog('calculator')}>
              <Calculator size={14} aria-hidden="true" />
              {t('prices.calculator')}
            </Button>
            <Button onClick={() => setDialog('upload')}>
              <Upload size={14} aria-hidden="true" />
              {t('prices.upload')}
            </Button>
            <Button busy={sync.isPending} onClick={() => sync.mutate()}>
              <RefreshCw size={14} aria-hidden="true" />
              {t('prices.sync')}
            </Button>
            <Button tone="primary" onClick={() => open('new')}>
              <Plus size={14} aria-hidden="true" />
              {t('prices.create')}
            </Button>
          </>
        }
      />
      <PriceNotices onAdd={open} />
      <FilterRow>
        <SearchBox value={search.q ?? ''} onValue={(q) => change({ q: q || undefined }, true)} label={t('prices.model')} />
        {vendors.length > 0 && <Segmented label={t('prices.vendor')} value={search.vendor ?? ''} onChange={(vendor) => change({ vendor: vendor || undefined })} options={options} />}
        <FilterChip
          label={t('prices.source')}
          value={search.source && t(`prices.sources.${search.source}`)}
          onClear={() => change({ source: undefined })}
          options={sources.map((source) => ({ label: t(`prices.sources.${source}`), checked: source === search.source, onSelect: () => change({ source }) }))}
        />
        <QuickChip on={search.inUse === true} onChange={(on) => change({ inUse: on ? true : undefined })}>
          {t('prices.inUse')}
        </QuickChip>
        {list.data && <Pager page={page} total={list.data.total} onPage={(next) => change({ page: next > 1 ? next : undefined })} />}
      </FilterRow>
      <div className="min-h-0 flex-1 overflow-auto">
        {list.isPending && <Skeleton className="px-6" />}
        {list.isError && (
          <div className="p-6">
            <ErrorNotice error={list.error} title={t('prices.loadFailed')} onRetry={() => void list.refetch()} />
          </div>
        )}
        {list.data && list.data.items.length === 0 && (
          <Empty plain title={t('prices.noMatch')} actions={<Button onClick={() => void navigate({ search: {} })}>{t('common.clearFilters')}</Button>} />
        )}
        {list.data && list.data.items.length > 0 && (
          <PriceTable prices={list.data.items} seedDate={list.data.seedDate} search={search} onSort={(sort, order) => change({ sort, order })} onEdit={(price) => open(price.name)} onDelete={setDeleting} />
        )}
      </div>
      {search.edit && <PriceSheet key={search.edit} name={search.edit} onClose={() => open(undefined)} />}
      {dialog === 'upload' && <UploadDialog onClose={() => setDialog(undefined)} />}
      {dialog === 'calculator' && <CalculatorDialog onClose={() => setDialog(undefined)} />}
      {deleting && <DeleteDialog price={deleting} onClose={() => setDeleting(undefined)} />}
    </div>
  );
}

function Pager({ page, total, onPage }: { page: number; total: number; onPage: (page: number) => void }) {
  const { t } = useTranslation();
  const first = Math.min(total, (page - 1) * PAGE_SIZE + 1);
  const last = Math.min(total, page * PAGE_SIZE);
  return (
    <span className="ml-auto flex items-center gap-2 text-12 text-fg-muted">
      <span className="tabular-nums">{t('prices.range', { first, last, total })}</span>
      <Button size="sm" iconOnly aria-label={t('prices.previous')} disabled={page <= 1} onClick={() => onPage(page - 1)}>
        <ChevronLeft size={14} />
      </Button>
      <Button size="sm" iconOnly aria-label={t('prices.next')} disabled={last >= total} onClick={() => onPage(page + 1)}>
        <ChevronRight size={14} />
      </Button>
    </span>
  );
}

function DeleteDialog({ price, onClose }: { price: Price; onClose: () => void }) {
  const { t } = useTranslation();
  const text = useErrorText();
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => deletePrice(price.name),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['prices'] });
      showToast({ tone: 'ok', title: t('prices.deleted'), detail: price.name });
    },
    onError: (error) => showToast({ tone: 'open', title: t('prices.deleteFailed'), detail: text(error) }),
    onSettled: onClose,
  });
  return (
    <Confirm
      title={t('prices.deleteTitle', { name: price.name })}
      description={t('prices.deleteHelp')}
      confirmLabel={t('prices.delete')}
      busy={remove.isPending}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    />
  );
}
