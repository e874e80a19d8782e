import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import type { UsageLog } from '@/api/types';
import { Mark } from '@/components/ui/marks';
import { useFormat } from '@/i18n/use-format';
import { cn } from '@/lib/cn';
import { useNow } from '@/lib/clock';
import { useMedia } from '@/lib/media';
import type { Attempt, Chain } from './chain';
import { isRunning } from './elapsed';
import { axisLabel, waterfall, type Lane, type Phase } from './lanes';

const fill: Record<Phase, string> = {
  connect: 'bg-fg-faint',
  wait: 'bg-fg-muted',
  stream: 'bg-ok-fill',
  failed: 'bg-err-fill',
  limited: 'bg-warn-fill',
  aborted: 'bg-transparent border border-dashed border-fg-muted',
  live: 'bg-info-fill pulse',
};

const phases: Phase[] = ['connect', 'wait', 'stream', 'failed', 'limited', 'aborted', 'live'];

const statusText = { ok: 'text-ok', failed: 'text-err', limited: 'text-warn', aborted: 'text-fg-muted', live: 'text-info' };

/** The phases that occur, in their order. */
export function WaterfallLegend({ chain, log }: { chain: Chain; log: UsageLog }) {
  const { t } = useTranslation();
  const now = useNow(60_000);
  const drawn = new Set(waterfall(chain, log, now)?.lanes.flatMap((lane) => lane.parts.map((part) => part.phase)));
  return (
    <span className="flex flex-wrap gap-x-3 text-12 text-fg-2">
      {phases.filter((phase) => drawn.has(phase)).map((phase) => (
        <span key={phase} className="inline-flex items-center gap-1.5">
          <span className={cn('size-2 rounded-[2px]', fill[phase])} aria-hidden="true" />
          {t(`route.phase.${phase}`)}
        </span>
      ))}
    </span>
  );
}

const LABELLED_SHARE = 0.12;

/** The bars of a lane; with room also the length of each phase, or what went wrong, beside them. */
function LaneBars({ lane, totalMs, compact }: { lane: Lane; totalMs: number; compact: boolean | undefined }) {
  const { t } = useTranslation();
  const format = useFormat();
  const at = (ms: number) => `${(ms / totalMs) * 100}%`;
  const end = lane.parts.at(-1)?.toMs ?? 0;
  const start = lane.parts[0]?.fromMs ?? 0;
  const { attempt } = lane;
  const failed = attempt.outcome === 'failed' || attempt.outcome === 'limited';
  const cause = [attempt.message, format.latency(end - start)].filter(Boolean).join(', ');
  return (
    <>
      {lane.parts.map((part, i) => (
        <span key={i} className="absolute inset-y-0" style={{ left: at(part.fromMs), width: `max(3px, ${at(part.toMs - part.fromMs)})` }}>
          <span className={cn('absolute inset-x-0 rounded-[2px]', compact ? 'top-[7px] h-3' : failed ? 'top-3.5 h-4' : 'top-2 h-4', fill[part.phase])} />
          {!compact && !failed && (part.toMs - part.fromMs) / totalMs >= LABELLED_SHARE && (
            <span className="absolute inset-x-0 bottom-1 truncate text-center text-11 text-fg-muted">
              {t(`route.phase.${part.phase}`)} {format.latency(part.toMs - part.fromMs)}
            </span>
          )}
        </span>
      ))}
      {!compact && failed && (
        <span
          className={cn('absolute top-1/2 max-w-[60%] -translate-y-1/2 truncate text-12', end / totalMs > 0.6 ? 'pr-2' : 'pl-2')}
          style={end / totalMs > 0.6 ? { right: at(totalMs - start) } : { left: at(end) }}
          title={cause}
        >
          <b className={cn('mr-1.5 font-semibold', statusText[attempt.outcome])}>{attempt.status ?? ''}</b>
          <span className="text-fg-muted">{cause}</span>
        </span>
      )}
      {lane.gapMs > 0 && !compact && (
        <span className="absolute top-1/2 border-t border-dashed border-fg-faint" style={{ left: at(start - lane.gapMs), width: at(lane.gapMs) }} title={t('route.gap', { time: format.latency(lane.gapMs) })} />
      )}
    </>
  );
}

function roleText(attempt: Attempt, chain: Chain, t: TFunction): string {
  const selection = attempt.selection === undefined ? undefined : chain.selections[attempt.selection];
  const role = attempt.role === 'primary' && selection ? t(`route.method.${selection.method}`) : t(`route.role.${attempt.role}`);
  return t('route.attemptRole', { n: attempt.n, role });
}

/** All attempts on one time axis, with the first token delivered as a rule across. */
export function Waterfall({ chain, log, compact }: { chain: Chain; log: UsageLog; compact?: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow(isRunning(log) ? 500 : 60_000);
  const phone = useMedia('(max-width: 767px)');
  const drawing = waterfall(chain, log, now, phone || compact ? 3 : 5);
  if (!drawing) return <p className="text-12 text-fg-muted">{t('route.noTiming')}</p>;
  const { lanes, totalMs, ticks, firstTokenMs } = drawing;
  const label = compact ? 'w-[104px]' : 'w-[120px] sm:w-[186px]';
  return (
    <div className="min-w-0" role="img" aria-label={t('route.waterfallLabel', { count: lanes.length, total: format.latency(totalMs) })}>
      <div className="flex h-6 items-end text-11 text-fg-muted">
        <span className={cn('shrink-0', label)} />
        <span className="relative mr-10 h-4 flex-1">
          {ticks.map((tick) => (
            <span key={tick} className="absolute -translate-x-1/2 whitespace-nowrap" style={{ left: `${(tick / totalMs) * 100}%` }}>
              {axisLabel(tick, totalMs)}
            </span>
          ))}
        </span>
      </div>
      <div className="relative">
        {lanes.map((lane) => (
          <div key={lane.attempt.n} className={cn('flex items-center', compact ? 'h-[26px]' : 'h-11 border-t border-line')}>
            <span className={cn('flex min-w-0 shrink-0 items-start gap-2 pr-2', label)}>
              {!compact && <Mark type={lane.attempt.providerType} size={14} className="mt-0.5" />}
              <span className="min-w-0">
                <span className={cn('block truncate', compact ? 'text-12' : 'text-13 font-medium')}>{lane.attempt.provider}</span>
                {!compact && <span className="block truncate text-11 text-fg-muted">{roleText(lane.attempt, chain, t)}</span>}
              </span>
            </span>
            <span className="relative mr-1 h-full flex-1">
              {ticks.map((tick) => (
                <span key={tick} className="absolute inset-y-0 w-px bg-grid" style={{ left: `${(tick / totalMs) * 100}%` }} />
              ))}
              <LaneBars lane={lane} totalMs={totalMs} compact={compact} />
              {firstTokenMs !== undefined && <span className="absolute inset-y-0 w-0.5 bg-accent" style={{ left: `${(firstTokenMs / totalMs) * 100}%` }} />}
            </span>
            {(compact || lane.attempt.outcome === 'ok' || lane.attempt.outcome === 'live' || lane.attempt.outcome === 'aborted') && (
              <span className={cn('w-9 shrink-0 text-right text-12 font-semibold', statusText[lane.attempt.outcome])}>{lane.attempt.status ?? '…'}</span>
            )}
            {!compact && (lane.attempt.outcome === 'failed' || lane.attempt.outcome === 'limited') && <span className="w-9 shrink-0" />}
          </div>
        ))}
      </div>
      {firstTokenMs !== undefined && (
        <p className="mt-2 text-12 text-accent-on-tint">{t('route.firstToken', { at: format.latency(firstTokenMs) })}</p>
      )}
    </div>
  );
}
