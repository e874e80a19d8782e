import type { UsageLog } from '@/api/types';

type Row = Pick<UsageLog, 'statusCode' | 'durationMs' | 'createdAt'>;

/** The status alone tells it: a row may have ended without a length, as after a crash. */
export const isRunning = (log: Pick<Row, 'statusCode'>): boolean => log.statusCode == null;

/** How long the request took, or runs already, in ms; null where nobody measured it. */
export function elapsedMs(log: Row, now: number): number | null {
  if (log.durationMs != null) return log.durationMs;
  return isRunning(log) ? Math.max(0, now - Date.parse(log.createdAt)) : null;
}
