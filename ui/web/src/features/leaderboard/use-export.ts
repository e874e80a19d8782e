import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { call } from '@/api/client';
import type { BoardFilter } from '@/api/queries';
import { showToast } from '@/components/ui/toast';
import { useErrorText } from '@/i18n/error-text';
import { csv } from '@/lib/csv';
import { download } from '@/lib/download';
import { boardTable, columnsOf } from './columns';
import { useRowName } from './use-row-name';

/** The most rows the server answers with. */
const MAX_ROWS = 200;

/** Saves the board as a file, with the rows that the page leaves out. */
export function useExport(filter: BoardFilter) {
  const { t } = useTranslation();
  const text = useErrorText();
  const { nameOf } = useRowName();
  const scope = filter.scope ?? 'user';
  const head = (key: string) => {
    if (key === 'name') return t(`leaderboard.name.${scope}`);
    if (key === 'rank') return t('leaderboard.rank');
    return key === 'share' ? t('leaderboard.share') : t(`leaderboard.column.${key}`);
  };
  return useMutation({
    mutationFn: () => call('GET', '/leaderboard', { query: { ...filter, expand: undefined, limit: MAX_ROWS } }),
    onSuccess: (board) => download(`leaderboard-${scope}-${board.from.slice(0, 10)}.csv`, csv(boardTable(board.items, columnsOf(scope), nameOf, head))),
    onError: (error) => showToast({ tone: 'open', title: t('leaderboard.csvFailed'), detail: text(error) }),
  });
}
