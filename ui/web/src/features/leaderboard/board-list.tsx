import { useTranslation } from 'react-i18next';
import type { BoardRow } from '@/api/types';
import { useFormat } from '@/i18n/use-format';
import { RequestsLink, RowTitle, type BoardTableProps } from './board-table';
import { columnsOf, figureText, type Column } from './columns';
import { Movement, ShareBar } from './marks';
import { rowKey } from './rows';
import { useRowName } from './use-row-name';

/** The board on a phone: rank, name and what ranks, the parts behind a touch. */
export function BoardList(props: BoardTableProps) {
  const greatest = Math.max(...props.rows.map(({ share }) => share ?? 0));
  return (
    <ul className="border-t border-line">
      {props.rows.map((row) => (
        <Item key={rowKey(row)} row={row} greatest={greatest} {...props} />
      ))}
    </ul>
  );
}

function Item({ row, greatest, scope, metric, moving, open, onToggle, requestsOf }: BoardTableProps & { row: BoardRow; greatest: number }) {
  const format = useFormat();
  const key = rowKey(row);
  const columns = columnsOf(scope);
  const ranking = columns.find((column) => column.metric === metric);
  const search = requestsOf(row);
  return (
    <li className="border-b border-line bg-panel" data-rank={row.rank}>
      <button type="button" aria-expanded={open === key} onClick={() => onToggle(key)} className="flex min-h-11 w-full items-center gap-3 px-4 py-2 text-left">
        <span className="w-6 shrink-0 text-right text-13 font-semibold">{row.rank}</span>
        <span className="min-w-0 flex-1">
          <span className="flex items-center gap-2 text-13">
            <RowTitle row={row} scope={scope} />
            {moving && <Movement row={row} />}
            <span className="ml-auto shrink-0 font-semibold">{ranking && figureText(ranking, row.figures, format)}</span>
          </span>
          {row.share !== null && (
            <span className="mt-1 block text-12">
              <ShareBar share={row.share} greatest={greatest} />
            </span>
          )}
        </span>
      </button>
      {open === key && (
        <div className="bg-sunken px-4 py-2 pl-[52px] text-12">
          <Figures row={row} scope={scope} />
          <PartList row={row} ranking={ranking} />
          {search && <RequestsLink search={search} />}
        </div>
      )}
    </li>
  );
}

function Figures({ row, scope }: Pick<BoardTableProps, 'scope'> & { row: BoardRow }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <dl className="mb-2 grid grid-cols-2 gap-x-4 gap-y-1">
      {columnsOf(scope).map((column) => (
        <div key={column.key} className="flex justify-between gap-2">
          <dt className="text-fg-muted">{t(`leaderboard.column.${column.key}`)}</dt>
          <dd>{figureText(column, row.figures, format)}</dd>
        </div>
      ))}
    </dl>
  );
}

function PartList({ row, ranking }: { row: BoardRow; ranking: Column | undefined }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { nameOfPart } = useRowName();
  const parts = row.parts ?? [];
  if (parts.length === 0) return <p className="mb-2 text-fg-muted">{t('leaderboard.noParts')}</p>;
  return (
    <ul className="mb-2">
      {parts.map((part) => (
        <li key={`${part.providerId} ${part.model}`} className="flex justify-between gap-2 py-0.5" data-part>
          <span className="truncate">{nameOfPart(part)}</span>
          <span>{ranking && figureText(ranking, part.figures, format)}</span>
        </li>
      ))}
    </ul>
  );
}
