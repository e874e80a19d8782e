import { ArrowDown, ArrowUp } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { BoardRow } from '@/api/types';
import { useFormat } from '@/i18n/use-format';
import { cn } from '@/lib/cn';
import { movement } from './rows';

/** Places gained or lost; only a gain is worth a colour. */
export function Movement({ row }: { row: BoardRow }) {
  const { t } = useTranslation();
  const moved = movement(row);
  const box = 'inline-flex items-center gap-0.5 text-12';
  if (moved === 'new') return <span className={`${box} text-fg-muted`}>{t('leaderboard.new')}</span>;
  if (moved === 0) {
    return (
      <span className={`${box} text-fg-muted`}>
        <span aria-hidden="true">–</span>
        <span className="sr-only">{t('leaderboard.same')}</span>
      </span>
    );
  }
  const Arrow = moved > 0 ? ArrowUp : ArrowDown;
  const places = Math.abs(moved);
  return (
    <span className={cn(box, moved > 0 ? 'text-ok' : 'text-fg-muted')}>
      <Arrow size={12} aria-hidden="true" />
      <span aria-hidden="true">{places}</span>
      <span className="sr-only">{moved > 0 ? t('leaderboard.up', { count: places }) : t('leaderboard.down', { count: places })}</span>
    </span>
  );
}

/** A share as a bar out of the greatest, and in figures. */
export function ShareBar({ share, greatest = 1, quiet }: { share: number | null; greatest?: number; quiet?: boolean }) {
  const format = useFormat();
  if (share === null) return <span className="text-fg-muted">–</span>;
  const width = greatest > 0 ? Math.min(100, (share / greatest) * 100) : 0;
  return (
    <span className="flex items-center gap-3">
      <span className="h-1.5 min-w-0 flex-1 overflow-hidden rounded-xs bg-track" aria-hidden="true">
        <span className={cn('block h-full rounded-xs bg-series-1', quiet && 'opacity-70')} style={{ width: `${width}%` }} />
      </span>
      <span className={cn('w-12 shrink-0 text-right', quiet && 'text-fg-muted')}>{format.percent(share, 1)}</span>
    </span>
  );
}
