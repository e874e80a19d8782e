import { useTranslation } from 'react-i18next';
import type { Board } from '@/api/types';
import { Rich } from '@/i18n/rich';
import { useFormat } from '@/i18n/use-format';
import { columnsOf, figureText } from './columns';
import { firstShare, rowKey } from './rows';
import type { Metric, Period, Scope } from './search';
import { usePeriodText } from './use-period-text';

/** Rows with a piece of their own; the others are one. */
const PIECES = 10;
const FIRST = 3;

interface StripProps {
  board: Board;
  scope: Scope;
  metric: Metric;
  period: Period;
}

/** How the whole is divided, drawn and said. */
export function ShareStrip({ board, scope, metric, period }: StripProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const periodText = usePeriodText(period, board.timezone);
  const column = columnsOf(scope).find((candidate) => candidate.metric === metric);
  const first = firstShare(board.items, FIRST);
  return (
    <div className="px-4 pb-3 lg:px-6">
      {first !== null && <Pieces board={board} />}
      <div className="flex flex-wrap justify-between gap-x-4 gap-y-1 text-12 text-fg-muted">
        <p>
          {board.total && column ? <Rich k={metric === 'cacheHitRate' ? 'leaderboard.cached' : `leaderboard.by.${scope}`} values={{ value: figureText(column, board.total, format), count: board.count }} /> : t('leaderboard.own')}
          {first !== null && board.items.length > FIRST && <Rich k="leaderboard.first" values={{ share: format.percent(first, 1) }} />}
          {board.items.length < board.count && t('leaderboard.shown', { count: board.items.length })}
        </p>
        {board.previousFrom && board.previousTo && <p>{t('leaderboard.compared', { period: periodText(board.previousFrom, board.previousTo) })}</p>}
      </div>
    </div>
  );
}

function Pieces({ board }: { board: Board }) {
  const rows = board.items.slice(0, PIECES).filter(({ share }) => share !== null && share > 0);
  const rest = 1 - (firstShare(rows, PIECES) ?? 0);
  return (
    <div className="mb-2 flex h-2.5 gap-0.5 overflow-hidden rounded-xs" aria-hidden="true" data-strip>
      {rows.map((row, i) => (
        <span key={rowKey(row)} className="min-w-0.5 bg-series-1" style={{ flexGrow: row.share ?? 0, opacity: 1 - (i * 0.8) / PIECES }} />
      ))}
      {rest > 0.0005 && <span className="min-w-0.5 bg-control-line opacity-60" style={{ flexGrow: rest }} />}
    </div>
  );
}
