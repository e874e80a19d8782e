import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { UsageLog } from '@/api/types';
import { boot } from '@/boot';
import { useFormat } from '@/i18n/use-format';
import { cn } from '@/lib/cn';
import { useNow } from '@/lib/clock';
import { useMedia } from '@/lib/media';
import { isToday } from '@/lib/time';
import { LogStatus, LogTime, LogCost } from '@/features/requests/columns';
import { logColumns, Refusal, type LogColumn } from './log-columns';

interface LogListProps {
  rows: UsageLog[];
  /** Rows beyond the loaded ones exist. */
  more: boolean;
  onEnd: () => void;
  manyKeys: boolean;
}

/** Rows before the end at which more are asked for. */
const AHEAD = 20;

/** The rows in a box that scrolls by itself, so that a long list keeps the page short. */
export function LogList({ rows, more, onEnd, manyKeys }: LogListProps) {
  const { t, i18n } = useTranslation();
  const phone = useMedia('(max-width: 767px)');
  const wide = useMedia('(min-width: 1280px)');
  const scroller = useRef<HTMLDivElement>(null);
  const now = useNow(60_000);
  const oldest = rows.at(-1)?.createdAt;
  const dated = oldest !== undefined && !isToday(oldest, now, i18n.language, boot.timezone);
  const columns = logColumns(wide, manyKeys, dated);
  const template = columns.map(({ width }) => width).join(' ');
  const height = phone ? 53 : 32;
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => scroller.current, estimateSize: () => height, overscan: 12 });
  const items = virtual.getVirtualItems();
  const lastIndex = items.at(-1)?.index ?? 0;
  useEffect(() => {
    virtual.measure();
  }, [height, virtual]);
  useEffect(() => {
    if (more && lastIndex >= rows.length - AHEAD) onEnd();
  }, [lastIndex, rows.length, more, onEnd]);
  return (
    <div ref={scroller} className="max-h-[70vh] overflow-x-hidden overflow-y-auto max-md:border-t max-md:border-line" role="table" tabIndex={0} aria-label={t('requests.listLabel')} aria-rowcount={more ? -1 : rows.length + 1}>
      {!phone && <Head columns={columns} template={template} />}
      <div className="relative" role="rowgroup" style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => {
          const log = rows[item.index];
          if (!log) return null;
          const props = { log, now, index: item.index, top: item.start, last: item.index === rows.length - 1 };
          return phone ? <Card key={log.id} {...props} /> : <Row key={log.id} {...props} columns={columns} template={template} />;
        })}
      </div>
    </div>
  );
}

function Head({ columns, template }: { columns: LogColumn[]; template: string }) {
  const { t } = useTranslation();
  return (
    <div role="rowgroup" className="sticky top-0 z-10">
      <div role="row" aria-rowindex={1} className="grid h-[30px] items-center gap-3.5 border-y border-line bg-panel px-4 text-11 font-medium text-fg-muted" style={{ gridTemplateColumns: template }}>
        {columns.map((column) => (
          <span key={column.key} role="columnheader" className={cn('truncate', column.right && 'text-right')}>
            {t(column.label)}
          </span>
        ))}
      </div>
    </div>
  );
}

interface RowProps {
  log: UsageLog;
  now: number;
  index: number;
  top: number;
  last: boolean;
}

const rowClass = 'absolute inset-x-0 border-line px-4 hover:bg-hover';

function Row({ log, now, index, top, last, columns, template }: RowProps & { columns: LogColumn[]; template: string }) {
  return (
    <div role="row" aria-rowindex={index + 2} data-log={log.id} className={cn(rowClass, 'grid h-8 items-center gap-3.5 text-13', !last && 'border-b')} style={{ top, gridTemplateColumns: template }}>
      {columns.map((column) => (
        <span key={column.key} role="cell" className={cn('min-w-0 truncate', column.right && 'text-right')}>
          {column.cell(log, now)}
        </span>
      ))}
    </div>
  );
}

/** Two lines on a phone: status, model, cost; then time, endpoint or why it was refused, tokens. */
function Card({ log, now, index, top, last }: RowProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const tokens = log.inputTokens + log.outputTokens + log.cacheReadInputTokens + log.cacheCreationInputTokens;
  return (
    <div role="row" aria-rowindex={index + 2} data-log={log.id} className={cn(rowClass, 'flex h-[53px] flex-col justify-center gap-1', !last && 'border-b')} style={{ top }}>
      <div className="flex items-center gap-3 text-13" role="cell">
        <span className="w-[76px] shrink-0">
          <LogStatus log={log} />
        </span>
        <span className="min-w-0 flex-1 truncate">{log.model || '–'}</span>
        <LogCost log={log} />
      </div>
      <div className="flex items-center gap-3 text-12 text-fg-muted" role="cell">
        <span className="w-[76px] shrink-0 overflow-hidden whitespace-nowrap">
          <LogTime log={log} now={now} />
        </span>
        <span className="min-w-0 flex-1 truncate">{log.blockedBy ? <Refusal log={log} by={log.blockedBy} /> : log.endpoint}</span>
        <span className="shrink-0">{t('me.tokenCount', { value: format.tokens(tokens) })}</span>
      </div>
    </div>
  );
}
