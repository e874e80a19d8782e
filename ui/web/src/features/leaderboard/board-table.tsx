import { Link } from '@tanstack/react-router';
import { ArrowDown, ArrowRight, ChevronDown, ChevronRight } from 'lucide-react';
import { Fragment } from 'react';
import { useTranslation } from 'react-i18next';
import type { BoardPart, BoardRow } from '@/api/types';
import { Avatar } from '@/components/ui/avatar';
import { Button } from '@/components/ui/button';
import { Mark } from '@/components/ui/marks';
import { Table, Td, Th } from '@/components/ui/table';
import type { LogSearch } from '@/features/requests/search';
import { useFormat } from '@/i18n/use-format';
import { cn } from '@/lib/cn';
import { useNames } from '@/lib/names';
import { columnsOf, figureText, type Column } from './columns';
import { Movement, ShareBar } from './marks';
import { partShare, rowKey } from './rows';
import type { Metric, Scope } from './search';
import { useRowName } from './use-row-name';

export interface BoardTableProps {
  rows: BoardRow[];
  scope: Scope;
  metric: Metric;
  /** Whether there is a period before, to have moved since. */
  moving: boolean;
  open: string | undefined;
  onToggle: (key: string) => void;
  onMetric: (metric: Metric) => void;
  /** The requests behind a row; undefined where they cannot be shown. */
  requestsOf: (row: BoardRow) => LogSearch | undefined;
}

const CELLS_BESIDE = 4; // rank, name, share, switch

export function BoardTable(props: BoardTableProps) {
  const { rows, scope, open } = props;
  const { t } = useTranslation();
  const columns = columnsOf(scope);
  const many = columns.length > 5;
  const greatest = Math.max(...rows.map(({ share }) => share ?? 0));
  return (
    <Table label={t('nav.leaderboard')} className={many ? 'min-w-[1100px]' : 'min-w-[760px]'}>
      <Head {...props} columns={columns} many={many} />
      <tbody>
        {rows.map((row) => (
          <Fragment key={rowKey(row)}>
            <Row row={row} columns={columns} greatest={greatest} {...props} />
            {open === rowKey(row) && <Parts row={row} columns={columns} {...props} />}
          </Fragment>
        ))}
      </tbody>
    </Table>
  );
}

function Head({ scope, metric, columns, many, onMetric }: BoardTableProps & { columns: Column[]; many: boolean }) {
  const { t } = useTranslation();
  return (
    <thead>
      <tr>
        <Th className="w-24">{t('leaderboard.rank')}</Th>
        <Th className={many ? 'w-[20%]' : undefined}>{t(`leaderboard.name.${scope}`)}</Th>
        {columns.map(({ key, metric: ranks }) => (
          <Th key={key} right className={many ? undefined : 'w-24'}>
            {ranks ? (
              <button type="button" aria-pressed={ranks === metric} className="inline-flex h-6 items-center gap-1 hover:text-fg" onClick={() => onMetric(ranks)}>
                {t(`leaderboard.column.${key}`)}
                {ranks === metric && <ArrowDown size={12} aria-hidden="true" />}
              </button>
            ) : (
              t(`leaderboard.column.${key}`)
            )}
          </Th>
        ))}
        <Th className={many ? 'w-40 pl-6' : 'w-52 pl-6'}>{t('leaderboard.share')}</Th>
        <Th className="w-12">
          <span className="sr-only">{t('common.actions')}</span>
        </Th>
      </tr>
    </thead>
  );
}

function Row({ row, columns, greatest, scope, metric, moving, open, onToggle }: BoardTableProps & { row: BoardRow; columns: Column[]; greatest: number }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { nameOf } = useRowName();
  const key = rowKey(row);
  const shown = open === key;
  const Chevron = shown ? ChevronDown : ChevronRight;
  return (
    <tr className="h-11 cursor-pointer bg-panel hover:bg-hover" onClick={() => onToggle(key)} data-rank={row.rank}>
      <Td className="whitespace-nowrap">
        <span className="flex items-center gap-2">
          <span className="w-6 text-right font-semibold">{row.rank}</span>
          {moving && <Movement row={row} />}
        </span>
      </Td>
      <Td className="max-w-0">
        <RowTitle row={row} scope={scope} />
      </Td>
      {columns.map((column) => (
        <Td key={column.key} right className={cn('whitespace-nowrap', column.metric === metric && 'font-semibold')}>
          {figureText(column, row.figures, format)}
        </Td>
      ))}
      <Td className="pl-6">
        <ShareBar share={row.share} greatest={greatest} />
      </Td>
      <Td right>
        <Button
          tone="ghost"
          size="sm"
          iconOnly
          aria-expanded={shown}
          aria-label={t('leaderboard.details', { name: nameOf(row) })}
          onClick={(event) => {
            event.stopPropagation(); // the row would close it again
            onToggle(key);
          }}
        >
          <Chevron size={14} />
        </Button>
      </Td>
    </tr>
  );
}

/** The name with what stands for it: letters for people, the protocol's mark for providers. */
export function RowTitle({ row, scope }: { row: BoardRow; scope: Scope }) {
  const { nameOf } = useRowName();
  const { providerType } = useNames();
  return (
    <span className="flex min-w-0 items-center gap-2">
      {scope === 'user' && <Avatar name={nameOf(row)} />}
      {scope === 'provider' && <Mark type={providerType(row.id)} size={14} />}
      <span className="truncate font-medium" title={nameOf(row)}>
        {nameOf(row)}
      </span>
    </span>
  );
}

function Parts({ row, columns, metric, requestsOf }: BoardTableProps & { row: BoardRow; columns: Column[] }) {
  const { t } = useTranslation();
  const parts = row.parts ?? [];
  const search = requestsOf(row);
  const width = columns.length + CELLS_BESIDE;
  return (
    <>
      {parts.map((part) => (
        <PartRow key={`${part.providerId} ${part.model}`} part={part} row={row} columns={columns} metric={metric} />
      ))}
      {parts.length === 0 && (
        <tr className="h-8 bg-sunken text-12 text-fg-muted">
          <Td colSpan={width}>{t('leaderboard.noParts')}</Td>
        </tr>
      )}
      {search && (
        <tr className="h-8 bg-sunken text-12">
          <Td />
          <Td colSpan={width - 1}>
            <RequestsLink search={search} />
          </Td>
        </tr>
      )}
    </>
  );
}

export function RequestsLink({ search }: { search: LogSearch }) {
  const { t } = useTranslation();
  return (
    <Link to="/logs" search={search} className="inline-flex items-center gap-1 font-medium text-fg-muted hover:text-fg">
      {t('leaderboard.seeRequests')}
      <ArrowRight size={12} aria-hidden="true" />
    </Link>
  );
}

function PartRow({ part, row, columns, metric }: { part: BoardPart; row: BoardRow; columns: Column[]; metric: Metric }) {
  const format = useFormat();
  const { nameOfPart } = useRowName();
  return (
    <tr className="h-8 bg-sunken text-12" data-part>
      <Td />
      <Td className="max-w-0 truncate pl-8">{nameOfPart(part)}</Td>
      {columns.map((column) => (
        <Td key={column.key} right className="whitespace-nowrap">
          {figureText(column, part.figures, format)}
        </Td>
      ))}
      <Td className="pl-6">
        <ShareBar share={partShare(metric, part.figures, row.figures)} quiet />
      </Td>
      <Td />
    </tr>
  );
}
