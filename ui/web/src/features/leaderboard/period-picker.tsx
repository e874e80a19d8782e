import { ChevronLeft, ChevronRight } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { Board } from '@/api/types';
import { boot } from '@/boot';
import { Button } from '@/components/ui/button';
import { Segmented } from '@/components/ui/toggle';
import { customDays, daysFault, earlier, later } from './period';
import { periods, type BoardSearch, type Period } from './search';
import { usePeriodText } from './use-period-text';

interface PickerProps {
  search: BoardSearch;
  /** The answer for the search; undefined while it is on its way. */
  board: Board | undefined;
  now: number;
  onChange: (patch: Partial<BoardSearch>) => void;
}

/** Which period, and steps to its neighbours. */
export function PeriodPicker({ search, board, now, onChange }: PickerProps) {
  const { t } = useTranslation();
  const period = search.period ?? 'daily';
  const before = board && earlier(search, board, now, boot.timezone);
  const after = board && later(search, board, now, boot.timezone);
  const choose = (next: Period) => onChange({ period: next === 'daily' ? undefined : next, at: undefined, from: undefined, to: undefined });
  return (
    <>
      {period !== 'allTime' && (
        <span className="flex items-center gap-2">
          <Button size="sm" iconOnly aria-label={t('leaderboard.earlier')} disabled={!before} onClick={() => before && onChange(before)}>
            <ChevronLeft size={14} />
          </Button>
          {period === 'custom' ? <Days search={search} now={now} onChange={onChange} /> : <Shown search={search} board={board} onChange={onChange} />}
          <Button size="sm" iconOnly aria-label={t('leaderboard.later')} disabled={!after} onClick={() => after && onChange(after)}>
            <ChevronRight size={14} />
          </Button>
        </span>
      )}
      <Segmented label={t('leaderboard.period')} value={period} onChange={choose} options={periods.map((value) => ({ value, label: t(`leaderboard.periods.${value}`) }))} />
    </>
  );
}

/** The period by name; in the past also the way back to the present. */
function Shown({ search, board, onChange }: Omit<PickerProps, 'now'>) {
  const { t } = useTranslation();
  const periodText = usePeriodText(search.period ?? 'daily', board?.timezone);
  const text = board ? periodText(board.from, board.to) : '–';
  const box = 'min-w-24';
  if (search.at === undefined) {
    return <span className={`inline-flex h-[26px] items-center justify-center rounded-md border border-line-strong bg-panel px-2 text-12 font-medium ${box}`} data-period>{text}</span>;
  }
  return (
    <Button size="sm" className={box} aria-label={t('leaderboard.backToNow', { period: text })} onClick={() => onChange({ at: undefined })} data-period>
      {text}
    </Button>
  );
}

function Days({ search, now, onChange }: Omit<PickerProps, 'board'>) {
  const { t } = useTranslation();
  const { from, to } = customDays(search, now, boot.timezone);
  const wrong = daysFault({ from, to }) !== undefined;
  return (
    <span className="flex items-center gap-1">
      <DayInput label={t('leaderboard.from')} value={from} wrong={wrong} onChange={(day) => onChange({ from: day, to })} />
      <span className="text-fg-muted">–</span>
      <DayInput label={t('leaderboard.to')} value={to} wrong={wrong} onChange={(day) => onChange({ from, to: day })} />
    </span>
  );
}

function DayInput({ label, value, wrong, onChange }: { label: string; value: string; wrong: boolean; onChange: (day: string) => void }) {
  return (
    <input
      type="date"
      aria-label={label}
      aria-invalid={wrong || undefined}
      value={value}
      // Cleared, it keeps what it had: a period needs both its days.
      onChange={(event) => event.target.value !== '' && onChange(event.target.value)}
      className={`field-box h-[26px] rounded-md border bg-panel px-2 text-12 ${wrong ? 'border-err' : 'border-control-line'}`}
    />
  );
}
