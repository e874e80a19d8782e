import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { UsageLog } from '@/api/types';
import { DurationBar } from '@/components/ui/bars';
import { Mark } from '@/components/ui/marks';
import { Badge, State, statusTone } from '@/components/ui/state';
import { useFormat } from '@/i18n/use-format';
import { cn } from '@/lib/cn';
import { shortId } from '@/lib/format';
import { useNames } from '@/lib/names';
import { rowRibbon } from './chain';
import { elapsedMs, isRunning } from './elapsed';
import { RouteRibbon } from './ribbon';

export interface RowContext {
  now: number;
  /** The duration that fills the bar, in ms. */
  scaleMs: number;
}

export interface Column {
  key: string;
  width: string;
  right?: boolean;
  cell: (log: UsageLog, context: RowContext) => ReactNode;
}

/** A running request has no counts yet: the API says 0. */
function Count({ value, live }: { value: number; live: boolean }) {
  const format = useFormat();
  if (live && value === 0) return <span className="text-fg-muted">…</span>;
  return <span className={cn(!value && 'text-fg-faint')}>{format.tokens(value)}</span>;
}

export function LogTime({ log, now }: { log: UsageLog; now: number }) {
  const format = useFormat();
  return (
    <time dateTime={log.createdAt} title={log.createdAt}>
      {format.rowTime(log.createdAt, now)}
    </time>
  );
}

export function LogUser({ log }: { log: UsageLog }) {
  return <>{useNames().userName(log.userId, log.userName)}</>;
}

/** The provider that answered, or why nobody was asked. */
export function LogProvider({ log, plain }: { log: UsageLog; plain?: boolean }) {
  const { t } = useTranslation();
  const names = useNames();
  if (log.blockedBy) return <span className="truncate text-warn">{t('requests.refusedBy', { what: t(`requests.blockedBy.${log.blockedBy}`, log.blockedBy) })}</span>;
  if (log.providerId == null && !log.providerName) return <span className="text-fg-muted">–</span>;
  const retries = log.attempts - 1;
  const name = names.providerName(log.providerId, log.providerName);
  if (plain) return <>{name}</>;
  return (
    <span className="flex min-w-0 items-center gap-1.5">
      <Mark type={names.providerType(log.providerId, log.providerType)} size={14} />
      <span className="truncate">{name}</span>
      {retries > 0 && <Badge small>+{retries}</Badge>}
    </span>
  );
}

export function LogStatus({ log }: { log: UsageLog }) {
  const { t } = useTranslation();
  const tone = statusTone(log.statusCode, !!log.blockedBy);
  return <State tone={tone}>{log.statusCode ?? t('requests.live')}</State>;
}

function LogModel({ log }: { log: UsageLog }) {
  const redirected = log.modelSent && log.modelSent !== log.model;
  return (
    <span className="truncate" title={redirected ? `${log.model ?? ''} ↳ ${log.modelSent ?? ''}` : (log.model ?? undefined)}>
      {log.model || '–'}
      {redirected && <span className="text-fg-muted"> ↳</span>}
    </span>
  );
}

function LogDuration({ log, context }: { log: UsageLog; context: RowContext }) {
  const format = useFormat();
  const elapsed = elapsedMs(log, context.now);
  return (
    <span className="flex items-center justify-end gap-1.5">
      <span className={cn('whitespace-nowrap', isRunning(log) && 'text-info')}>{format.latency(elapsed)}</span>
      {elapsed !== null && <DurationBar firstMs={log.ttftMs ?? log.ttfbMs} totalMs={elapsed} scaleMs={context.scaleMs} />}
    </span>
  );
}

export function LogCost({ log }: { log: UsageLog }) {
  const format = useFormat();
  if (isRunning(log) && !log.costUsd) return <span className="text-fg-muted">…</span>;
  return <span className={cn('font-medium', !log.costUsd && 'font-normal text-fg-muted')}>{format.usd(log.costUsd)}</span>;
}

const columns: Column[] = [
  // The width of the time depends on what the rows show: see columnsFor.
  { key: 'time', width: '', cell: (log, { now }) => <LogTime log={log} now={now} /> },
  { key: 'user', width: 'minmax(70px,1fr)', cell: (log) => <LogUser log={log} /> },
  { key: 'provider', width: 'minmax(110px,1.7fr)', cell: (log) => <LogProvider log={log} /> },
  { key: 'model', width: 'minmax(110px,1.5fr)', cell: (log) => <LogModel log={log} /> },
  { key: 'route', width: '88px', cell: (log) => <RouteRibbon ribbon={rowRibbon(log)} /> },
  { key: 'in', width: '46px', right: true, cell: (log) => <Count value={log.inputTokens} live={isRunning(log)} /> },
  { key: 'out', width: '46px', right: true, cell: (log) => <Count value={log.outputTokens} live={isRunning(log)} /> },
  { key: 'cacheRead', width: '64px', right: true, cell: (log) => <Count value={log.cacheReadInputTokens} live={isRunning(log)} /> },
  { key: 'cost', width: '74px', right: true, cell: (log) => <LogCost log={log} /> },
  { key: 'duration', width: '104px', right: true, cell: (log, context) => <LogDuration log={log} context={context} /> },
  { key: 'status', width: '54px', cell: (log) => <LogStatus log={log} /> },
  { key: 'session', width: '64px', cell: (log) => <span className="font-code text-12 text-fg-2">{log.sessionId ? shortId(log.sessionId) : '–'}</span> },
];

export type Layout = 'full' | 'narrow';

const narrow = ['time', 'user', 'model', 'provider', 'route', 'cost', 'status'];

/** The columns of a layout, in order: beside the drawer seven stay. Rows of other days show their date. */
export function columnsFor(layout: Layout, dated: boolean): Column[] {
  const keys = layout === 'full' ? columns.map((column) => column.key) : narrow;
  return keys.flatMap((key) => columns.filter((column) => column.key === key)).map((column) => (column.key === 'time' ? { ...column, width: dated ? '84px' : '58px' } : column));
}
