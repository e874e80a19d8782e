import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { UsageLog } from '@/api/types';
import { useFormat } from '@/i18n/use-format';
import { cn } from '@/lib/cn';
import { useNow } from '@/lib/clock';
import { useMedia } from '@/lib/media';
import { isToday } from '@/lib/time';
import { boot } from '@/boot';
import { rowRibbon } from './chain';
import { elapsedMs } from './elapsed';
import { columnsFor, LogCost, LogProvider, LogStatus, LogTime, LogUser, type Column, type RowContext } from './columns';
import { RouteRibbon } from './ribbon';

interface ListProps {
  rows: UsageLog[];
  openId: string | undefined;
  onOpen: (id: string) => void;
  onEnd: () => void;
  /** Rows beyond the loaded ones exist. */
  more: boolean;
  narrow: boolean;
}

/** Rows shown: while scrolled down, newer ones wait above instead of shifting the list. */
function useHeldRows(rows: UsageLog[], scrolled: boolean): { shown: UsageLog[]; waiting: number } {
  const [anchor, setAnchor] = useState<string | undefined>();
  const first = rows[0]?.id;
  if (!scrolled && anchor !== first) setAnchor(first);
  const at = scrolled && anchor !== undefined ? rows.findIndex((row) => row.id === anchor) : 0;
  const waiting = Math.max(0, at);
  return { shown: waiting > 0 ? rows.slice(waiting) : rows, waiting };
}

export function RequestList({ rows, openId, onOpen, onEnd, more, narrow }: ListProps) {
  const { t, i18n } = useTranslation();
  const phone = useMedia('(max-width: 767px)');
  const wide = useMedia('(min-width: 1280px)');
  const scroller = useRef<HTMLDivElement>(null);
  const [scrolled, setScrolled] = useState(false);
  const { shown, waiting } = useHeldRows(rows, scrolled);
  const now = useNow(1000);
  const oldest = rows.at(-1)?.createdAt;
  const dated = oldest !== undefined && !isToday(oldest, now, i18n.language, boot.timezone);
  const columns = columnsFor(narrow || !wide ? 'narrow' : 'full', dated);
  const template = columns.map((column) => column.width).join(' ');
  const scaleMs = useMemo(() => Math.min(60_000, Math.max(1_000, ...rows.map((row) => row.durationMs ?? 0))), [rows]);
  const height = phone ? 53 : 32;
  const virtual = useVirtualizer({ count: shown.length, getScrollElement: () => scroller.current, estimateSize: () => height, overscan: 12 });
  const items = virtual.getVirtualItems();
  const lastIndex = items.at(-1)?.index ?? 0;
  useEffect(() => {
    virtual.measure();
  }, [height, virtual]);
  useEffect(() => {
    if (more && lastIndex >= shown.length - 20) onEnd();
  }, [lastIndex, shown.length, more, onEnd]);

  return (
    <div className="relative flex min-h-0 flex-1 flex-col">
      <div
        ref={scroller}
        onScroll={(event) => setScrolled(event.currentTarget.scrollTop > 24)}
        className="min-h-0 flex-1 overflow-x-hidden overflow-y-auto bg-panel"
        role="table"
        aria-label={t('requests.listLabel')}
        aria-rowcount={more ? -1 : shown.length + 1}
      >
        {phone ? <p className="sr-only">{t('requests.listLabel')}</p> : <Header columns={columns} template={template} />}
        <div className="relative" role="rowgroup" style={{ height: virtual.getTotalSize() }}>
          {items.map((item) => {
            const log = shown[item.index];
            if (!log) return null;
            const props = { log, open: log.id === openId, onOpen, index: item.index, top: item.start, context: { now, scaleMs } };
            return phone ? <Card key={log.id} {...props} /> : <Row key={log.id} {...props} columns={columns} template={template} />;
          })}
        </div>
      </div>
      {waiting > 0 && (
        <button
          type="button"
          onClick={() => scroller.current?.scrollTo({ top: 0 })}
          className="absolute top-10 left-1/2 inline-flex h-7 -translate-x-1/2 items-center gap-1.5 rounded-full bg-fg px-3 text-12 font-medium text-bg shadow-pop"
        >
          <ArrowDown size={13} className="rotate-180" aria-hidden="true" />
          {t('requests.newRows', { count: waiting })}
        </button>
      )}
    </div>
  );
}

function Header({ columns, template }: { columns: Column[]; template: string }) {
  const { t } = useTranslation();
  return (
    <div role="rowgroup" className="sticky top-0 z-10">
      <div role="row" aria-rowindex={1} className="grid h-[30px] items-center gap-3.5 border-y border-line bg-panel px-4 text-11 font-medium text-fg-muted lg:px-6" style={{ gridTemplateColumns: template }}>
        {columns.map((column) => (
          <span key={column.key} role="columnheader" className={cn('truncate', column.right && 'text-right')}>
            {t(`requests.column.${column.key}`)}
          </span>
        ))}
      </div>
    </div>
  );
}

interface RowProps {
  log: UsageLog;
  open: boolean;
  onOpen: (id: string) => void;
  index: number;
  top: number;
  context: RowContext;
}

const rowClass = 'absolute inset-x-0 border-b border-line px-4 hover:bg-hover lg:px-6';

/** The whole row opens; the button in the first cell carries the focus and says what it does. */
function OpenButton({ log, onOpen, children }: { log: UsageLog; onOpen: (id: string) => void; children: React.ReactNode }) {
  const { t } = useTranslation();
  return (
    <button type="button" data-log={log.id} onClick={() => onOpen(log.id)} className="after:absolute after:inset-0">
      {children}
      <span className="sr-only">{t('requests.open', { model: log.model ?? '–', id: log.requestId })}</span>
    </button>
  );
}

function Row({ log, open, onOpen, index, top, context, columns, template }: RowProps & { columns: Column[]; template: string }) {
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      aria-selected={open}
      className={cn(rowClass, 'grid h-8 items-center gap-3.5 text-13', open && 'bg-accent-tint hover:bg-accent-tint')}
      style={{ top, gridTemplateColumns: template }}
    >
      {columns.map((column, i) => (
        <span key={column.key} role="cell" className={cn('min-w-0 truncate', column.right && 'text-right')}>
          {i === 0 ? (
            <OpenButton log={log} onOpen={onOpen}>
              {column.cell(log, context)}
            </OpenButton>
          ) : (
            column.cell(log, context)
          )}
        </span>
      ))}
    </div>
  );
}

/** Two lines on a phone: status, model, cost; then time, user and provider, ribbon, duration. */
function Card({ log, open, onOpen, index, top, context }: RowProps) {
  const format = useFormat();
  return (
    <div role="row" aria-rowindex={index + 2} className={cn(rowClass, 'flex h-[53px] flex-col justify-center gap-1', open && 'bg-accent-tint')} style={{ top }}>
      <div className="flex items-center gap-3 text-13" role="cell">
        <span className="w-[66px] shrink-0">
          <OpenButton log={log} onOpen={onOpen}>
            <LogStatus log={log} />
          </OpenButton>
        </span>
        <span className="min-w-0 flex-1 truncate">{log.model || '–'}</span>
        <LogCost log={log} />
      </div>
      <div className="flex items-center gap-3 text-12 text-fg-muted" role="cell">
        <span className="w-[66px] shrink-0 overflow-hidden whitespace-nowrap">
          <LogTime log={log} now={context.now} />
        </span>
        <span className="min-w-0 flex-1 truncate">
          <LogUser log={log} /> · <LogProvider log={log} plain />
        </span>
        <span className="w-16 shrink-0">
          <RouteRibbon ribbon={rowRibbon(log)} />
        </span>
        <span className="w-14 shrink-0 text-right">{format.latency(elapsedMs(log, context.now))}</span>
      </div>
    </div>
  );
}
