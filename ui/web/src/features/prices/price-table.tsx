import { ArrowDown, ArrowUp, MoreHorizontal, Pencil, Trash2 } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { Price } from '@/api/types';
import { Button } from '@/components/ui/button';
import { Menu } from '@/components/ui/menu';
import { Badge, type BadgeTone } from '@/components/ui/state';
import { Table, Td, Th } from '@/components/ui/table';
import { useFormat } from '@/i18n/use-format';
import { useNow } from '@/lib/clock';
import { useMedia } from '@/lib/media';
import type { PriceSearch, SortKey, Source } from './search';

interface PriceTableProps {
  prices: Price[];
  /** Of the figures in the built-in list. */
  seedDate: string;
  search: PriceSearch;
  onSort: (sort: SortKey, order: 'asc' | 'desc') => void;
  onEdit: (price: Price) => void;
  onDelete: (price: Price) => void;
}

const sourceTone: Record<Source, BadgeTone> = { seed: 'kind', cloud: 'outline', manual: 'accent' };

/** A rate with the digits it has, at least two of them behind the point. */
export function rateText(rate: string | null): string {
  if (rate === null) return '–';
  const [whole = '0', part = ''] = rate.split('.');
  return `$${whole}.${part.padEnd(2, '0')}`;
}

export function SourceBadge({ source }: { source: Source }) {
  const { t } = useTranslation();
  return (
    <Badge small tone={sourceTone[source]}>
      {t(`prices.sources.${source}`)}
    </Badge>
  );
}

/** When a price came into force; the built-in ones are as old as their figures. */
function useSince(seedDate: string) {
  const format = useFormat();
  const now = useNow(60_000);
  return (price: Price) => format.shortDate(price.validFrom ?? `${seedDate}T12:00:00Z`, now);
}

export function PriceTable(props: PriceTableProps) {
  const phone = useMedia('(max-width: 767px)');
  if (phone) return <PhoneList {...props} />;
  return <WideTable {...props} />;
}

function WideTable({ prices, seedDate, search, onSort, onEdit, onDelete }: PriceTableProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const since = useSince(seedDate);
  const sorted = { search, onSort };
  return (
    <Table label={t('nav.prices')} className="min-w-[1080px]">
      <thead>
        <tr>
          <SortTh name="name" label={t('prices.model')} {...sorted} />
          <Th>{t('prices.vendor')}</Th>
          <Th right>{t('prices.context')}</Th>
          <SortTh right name="input" label={t('prices.rate.input')} {...sorted} />
          <SortTh right name="output" label={t('prices.rate.output')} {...sorted} />
          <Th right>{t('prices.rate.cache_read')}</Th>
          <Th right>{t('prices.rate.cache_write_5m')}</Th>
          <Th right>{t('prices.rate.cache_write_1h')}</Th>
          <Th>{t('prices.source')}</Th>
          <SortTh right name="updated" label={t('prices.updated')} {...sorted} />
          <Th className="w-12">
            <span className="sr-only">{t('common.actions')}</span>
          </Th>
        </tr>
      </thead>
      <tbody>
        {prices.map((price) => (
          <tr key={price.name} className="h-[34px] bg-panel hover:bg-hover" data-price={price.name}>
            <Td>
              <span className="flex min-w-0 items-center gap-2">
                <button type="button" onClick={() => onEdit(price)} className="max-w-[26rem] truncate font-medium hover:text-accent" title={price.displayName ?? price.name}>
                  {price.name}
                </button>
                {price.tiers > 0 && <Badge small>{t('prices.tiers', { count: price.tiers })}</Badge>}
              </span>
            </Td>
            <Td className="text-fg-muted">{price.vendor ?? '–'}</Td>
            <Td right className="text-fg-muted tabular-nums">{price.contextTokens === null ? '–' : format.tokens(price.contextTokens)}</Td>
            <Rate rate={price.rates.input} />
            <Rate rate={price.rates.output} />
            <Rate rate={price.rates.cacheRead} />
            <Rate rate={price.rates.cacheWrite5m} />
            <Rate rate={price.rates.cacheWrite1h} />
            <Td>
              <SourceBadge source={price.source} />
            </Td>
            <Td right className="text-12 whitespace-nowrap text-fg-muted">{since(price)}</Td>
            <Td right>
              <RowMenu price={price} onEdit={onEdit} onDelete={onDelete} />
            </Td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

function Rate({ rate }: { rate: string | null }) {
  return (
    <Td right className={rate === null ? 'text-fg-muted' : 'tabular-nums'}>
      {rateText(rate)}
    </Td>
  );
}

function SortTh({ name, label, right, search, onSort }: { name: SortKey; label: string; right?: boolean } & Pick<PriceTableProps, 'search' | 'onSort'>) {
  const current = (search.sort ?? 'name') === name;
  const order = search.order ?? (name === 'updated' ? 'desc' : 'asc');
  const Arrow = order === 'asc' ? ArrowUp : ArrowDown;
  return (
    <Th right={right}>
      <button type="button" className="inline-flex h-6 items-center gap-1 hover:text-fg" onClick={() => onSort(name, current && order === 'asc' ? 'desc' : 'asc')}>
        {label}
        {current && <Arrow size={12} aria-hidden="true" />}
      </button>
    </Th>
  );
}

function RowMenu({ price, onEdit, onDelete }: { price: Price } & Pick<PriceTableProps, 'onEdit' | 'onDelete'>) {
  const { t } = useTranslation();
  return (
    <Menu
      groups={[
        [{ label: t('common.edit'), icon: <Pencil size={14} />, onSelect: () => onEdit(price) }],
        price.source === 'manual' ? [{ label: t('prices.delete'), icon: <Trash2 size={14} />, danger: true, onSelect: () => onDelete(price) }] : [],
      ]}
      trigger={
        <Button tone="ghost" size="sm" iconOnly aria-label={t('common.actionsFor', { name: price.name })}>
          <MoreHorizontal size={16} />
        </Button>
      }
    />
  );
}

function PhoneList({ prices, seedDate, onEdit, onDelete }: PriceTableProps) {
  const since = useSince(seedDate);
  return (
    <ul className="border-t border-line">
      {prices.map((price) => (
        <li key={price.name} className="flex items-center gap-2 border-b border-line bg-panel px-4 py-2" data-price={price.name}>
          <button type="button" onClick={() => onEdit(price)} className="min-w-0 flex-1 text-left">
            <span className="flex items-center gap-2">
              <span className="truncate text-13 font-medium">{price.name}</span>
              <SourceBadge source={price.source} />
            </span>
            <span className="block truncate text-12 text-fg-muted tabular-nums">{`${rateText(price.rates.input)} / ${rateText(price.rates.output)} · ${since(price)}`}</span>
          </button>
          <RowMenu price={price} onEdit={onEdit} onDelete={onDelete} />
        </li>
      ))}
    </ul>
  );
}
