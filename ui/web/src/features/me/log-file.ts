/** One's own requests as rows of a file: a head, then figures without rounding or units. */
import type { UsageLog } from '@/api/types';
import type { CsvCell } from '@/lib/csv';

const columns = {
  time: (log) => log.createdAt,
  request: (log) => log.requestId,
  key: (log) => log.keyName,
  model: (log) => log.model,
  endpoint: (log) => log.endpoint,
  status: (log) => log.statusCode,
  in: (log) => log.inputTokens,
  out: (log) => log.outputTokens,
  cacheRead: (log) => log.cacheReadInputTokens,
  cacheWrite: (log) => log.cacheCreationInputTokens,
  cost: (log) => log.costUsd,
  duration: (log) => log.durationMs,
} as const satisfies Record<string, (log: UsageLog) => CsvCell>;

export type FileColumn = keyof typeof columns;

export function logTable(rows: readonly UsageLog[], head: (column: FileColumn) => string): CsvCell[][] {
  const names = Object.keys(columns) as FileColumn[];
  return [names.map(head), ...rows.map((log) => names.map((name) => columns[name](log)))];
}
