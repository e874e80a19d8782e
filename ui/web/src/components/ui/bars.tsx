import { useTranslation } from 'react-i18next';
import { cn } from '@/lib/cn';

/** Share of a limit in percent, as drawn: at least 2 when above zero, at most 100. */
export function barWidth(used: number, limit: number): number {
  if (used <= 0 || limit <= 0) return 0;
  return Math.min(100, Math.max(2, (used / limit) * 100));
}

export function quotaTone(used: number, limit: number): 'neutral' | 'near' | 'full' {
  if (limit <= 0 || used >= limit) return limit > 0 ? 'full' : 'neutral';
  return used >= limit * 0.8 ? 'near' : 'neutral';
}

const text = { neutral: 'text-fg', near: 'text-warn', full: 'text-err' };
const fill = { neutral: 'bg-fg-muted', near: 'bg-warn-fill', full: 'bg-err-fill' };

interface QuotaBarProps {
  used: number;
  limit: number | null | undefined;
  format: (value: number) => string;
  formatLimit?: (value: number) => string;
  /** What is limited, for assistive technology. */
  label: string;
}

/** Used at the left, limit at the right, the bar below. Without a limit: the word, no bar. */
export function QuotaBar({ used, limit, format, formatLimit = format, label }: QuotaBarProps) {
  const { t } = useTranslation();
  if (limit == null || limit <= 0) {
    return (
      <span className="block text-12 whitespace-nowrap text-fg-muted">
        {used > 0 && <span className="text-fg">{format(used)} </span>}
        {t('common.noLimit')}
      </span>
    );
  }
  const tone = quotaTone(used, limit);
  return (
    <div
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={limit}
      aria-valuenow={Math.min(used, limit)}
      aria-valuetext={t('common.usedOf', { used: format(used), limit: formatLimit(limit) })}
      className="min-w-0"
    >
      <div className="flex justify-between gap-2 text-12 leading-[15px]">
        <span className={text[tone]}>{format(used)}</span>
        <span className="text-fg-muted">{formatLimit(limit)}</span>
      </div>
      <div className="mt-[3px] h-1 overflow-hidden rounded-xs bg-track">
        <div className={cn('h-full rounded-xs', fill[tone])} style={{ width: `${barWidth(used, limit)}%` }} />
      </div>
    </div>
  );
}

/** Time of a request: dark is the wait for the first token, mid the whole. */
export function DurationBar({ firstMs, totalMs, scaleMs }: { firstMs?: number | null; totalMs: number; scaleMs: number }) {
  const total = Math.min(100, Math.max(4, (totalMs / scaleMs) * 100));
  const first = firstMs == null ? 0 : Math.min(total, (firstMs / scaleMs) * 100);
  return (
    <span className="relative inline-block h-1.5 w-11 shrink-0 overflow-hidden rounded-xs bg-track" aria-hidden="true">
      <span className="absolute inset-y-0 left-0 rounded-xs bg-control-line opacity-70" style={{ width: `${total}%` }} />
      <span className="absolute inset-y-0 left-0 rounded-xs bg-fg-2" style={{ width: `${first}%` }} />
    </span>
  );
}

/** Straight segments, ten percent area, no axis. */
export function Sparkline({ values, className, width = 112, height = 28 }: { values: number[]; className?: string; width?: number; height?: number }) {
  if (values.length < 2) return <svg width={width} height={height} aria-hidden="true" />;
  const top = Math.max(...values, 1e-9);
  const points = values.map((value, i) => `${((i / (values.length - 1)) * width).toFixed(1)},${(height - 1 - (value / top) * (height - 3)).toFixed(1)}`);
  return (
    <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true" className={cn('text-accent', className)}>
      <polygon points={`0,${height} ${points.join(' ')} ${width},${height}`} fill="currentColor" opacity="0.1" />
      <polyline points={points.join(' ')} fill="none" stroke="currentColor" strokeWidth="1.5" vectorEffect="non-scaling-stroke" />
    </svg>
  );
}
