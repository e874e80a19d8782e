import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { UsageLog } from '@/api/types';
import { LogCost, LogStatus, LogTime } from '@/features/requests/columns';
import { elapsedMs, isRunning } from '@/features/requests/elapsed';
import { useFormat } from '@/i18n/use-format';
import { cn } from '@/lib/cn';
import { gaugeTypes } from './gauges';

export interface LogColumn {
  key: string;
  /** Translation key of the head. */
  label: string;
  width: string;
  right?: boolean;
  cell: (log: UsageLog, now: number) => ReactNode;
}

/** A running request has no counts yet: the API says 0. */
function Count({ log, value }: { log: UsageLog; value: number }) {
  const format = useFormat();
  if (isRunning(log) && value === 0) return <span className="text-fg-muted">…</span>;
  return <span className={cn(value === 0 && 'text-fg-faint')}>{format.tokens(value)}</span>;
}

/** What refused a request; of a limit, which one. What the client was told is the tooltip. */
export function Refusal({ log, by, className }: { log: UsageLog; by: string; className?: string }) {
  const { t } = useTranslation();
  const limit = gaugeTypes.find((type) => type === log.errorCode);
  return (
    <span className={cn('text-warn', className)} title={log.errorMessage ?? undefined}>
      {limit ? t('me.refusedByLimit', { limit: t(`me.window.${limit}`) }) : t('requests.refusedBy', { what: t(`requests.blockedBy.${by}`, by) })}
    </span>
  );
}

function LogModel({ log }: { log: UsageLog }) {
  return (
    <>
      <span title={log.model ?? undefined}>{log.model || '–'}</span>
      {log.blockedBy && <Refusal log={log} by={log.blockedBy} className="ml-2" />}
    </>
  );
}

function Duration({ log, now }: { log: UsageLog; now: number }) {
  return <>{useFormat().latency(elapsedMs(log, now))}</>;
}

const columns: LogColumn[] = [
  // The width of the time depends on what the rows show: see logColumns.
  { key: 'time', label: 'requests.column.time', width: '', cell: (log, now) => <LogTime log={log} now={now} /> },
  { key: 'status', label: 'requests.column.status', width: '64px', cell: (log) => <LogStatus log={log} /> },
  { key: 'model', label: 'requests.column.model', width: 'minmax(140px,2fr)', cell: (log) => <LogModel log={log} /> },
  { key: 'key', label: 'keys.section', width: 'minmax(70px,1fr)', cell: (log) => log.keyName ?? '–' },
  { key: 'endpoint', label: 'requests.endpoint', width: 'minmax(110px,1.2fr)', cell: (log) => <code className="text-12 text-fg-2">{log.endpoint}</code> },
  { key: 'in', label: 'requests.column.in', width: '52px', right: true, cell: (log) => <Count log={log} value={log.inputTokens} /> },
  { key: 'out', label: 'requests.column.out', width: '52px', right: true, cell: (log) => <Count log={log} value={log.outputTokens} /> },
  { key: 'cacheRead', label: 'requests.column.cacheRead', width: '68px', right: true, cell: (log) => <Count log={log} value={log.cacheReadInputTokens} /> },
  { key: 'cacheWrite', label: 'me.cacheWrite', width: '72px', right: true, cell: (log) => <Count log={log} value={log.cacheCreationInputTokens} /> },
  { key: 'cost', label: 'requests.column.cost', width: '74px', right: true, cell: (log) => <LogCost log={log} /> },
  { key: 'duration', label: 'requests.column.duration', width: '64px', right: true, cell: (log, now) => <Duration log={log} now={now} /> },
];

/** The columns in order; what a smaller window has no room for is left out. Rows of other days show their date. */
export function logColumns(wide: boolean, manyKeys: boolean, dated: boolean): LogColumn[] {
  const out = new Set([...(manyKeys && wide ? [] : ['key']), ...(wide ? [] : ['duration', 'cacheWrite'])]);
  return columns.filter(({ key }) => !out.has(key)).map((column) => (column.key === 'time' ? { ...column, width: dated ? '92px' : '58px' } : column));
}
