import type { TFunction } from 'i18next';
import type { PriceReport } from '@/api/types';

/** What a list changed, or would change, in one line. */
export function reportText(t: TFunction, report: PriceReport): string {
  if (report.unmodified) return t('prices.unmodified');
  const parts = [t('prices.report.added', { count: report.added }), t('prices.report.updated', { count: report.updated })];
  if (report.ended > 0) parts.push(t('prices.report.ended', { count: report.ended }));
  if (report.held > 0) parts.push(t('prices.report.held', { count: report.held }));
  if (report.conflictCount > 0) parts.push(t('prices.report.conflicts', { count: report.conflictCount }));
  if (report.failedCount > 0) parts.push(t('prices.report.failed', { count: report.failedCount }));
  return parts.join(', ');
}
