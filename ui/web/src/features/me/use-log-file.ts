import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { readOwnLogs, type OwnLogFilter } from '@/api/queries';
import { showToast } from '@/components/ui/toast';
import { useErrorText } from '@/i18n/error-text';
import { csv } from '@/lib/csv';
import { download } from '@/lib/download';
import { logTable, type FileColumn } from './log-file';

/** The most requests of a file; who wants more takes a shorter time. */
const MAX_ROWS = 10_000;

/** Saves all requests of a filter as a file, those included that the page has not loaded. */
export function useLogFile(filter: OwnLogFilter) {
  const { t } = useTranslation();
  const text = useErrorText();
  const heads: Record<FileColumn, string> = {
    time: t('me.time'), request: t('requests.request'), key: t('keys.section'), model: t('requests.column.model'), endpoint: t('requests.endpoint'), status: t('requests.column.status'),
    in: t('requests.column.in'), out: t('requests.column.out'), cacheRead: t('requests.column.cacheRead'), cacheWrite: t('me.cacheWrite'), cost: t('me.costUsd'), duration: t('me.durationMs'),
  };
  return useMutation({
    mutationFn: () => readOwnLogs(filter, MAX_ROWS),
    onSuccess: ({ items, more }) => {
      download(`usage-${new Date().toISOString().slice(0, 10)}.csv`, csv(logTable(items, (column) => heads[column])));
      if (more) showToast({ tone: 'limited', title: t('me.fileCut', { count: items.length }), detail: t('me.fileCutHelp') });
    },
    onError: (error) => showToast({ tone: 'open', title: t('leaderboard.csvFailed'), detail: text(error) }),
  });
}
