import { ArrowRightLeft, Check, CircleDot, Link2, OctagonX, Shuffle, TriangleAlert, type LucideIcon } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { SpecialSetting, UsageLog } from '@/api/types';
import { Segmented } from '@/components/ui/toggle';
import { Rich } from '@/i18n/rich';
import { useFormat } from '@/i18n/use-format';
import { cn } from '@/lib/cn';
import type { Attempt, Chain, ChainItem, Selection } from './chain';
import { funnel, removed } from './funnel';
import { sentences } from './sentence';

/** What happened, in words. Always there; the drawings only repeat it. */
export function RouteSentence({ chain, log }: { chain: Chain; log: UsageLog }) {
  const { t } = useTranslation();
  const format = useFormat();
  const times = (count: string | number | undefined) => (count === 1 ? '' : count === 2 ? t('route.twice') : t('route.times', { count: Number(count ?? 0) }));
  return (
    <p className="text-15 text-fg-2">
      {sentences(chain, log, format).map((sentence, i) => (
        <span key={i}>
          <Rich k={sentence.key} values={{ ...sentence.values, times: times(sentence.values.count) }} />{' '}
        </span>
      ))}
    </p>
  );
}

/** Codes of losses may carry a detail after a colon; an unknown one is shown as it is. */
function useLoss(): (code: string) => string {
  const { t } = useTranslation();
  return (code) => {
    const [name = code, detail] = code.split(':');
    const text = t(`route.loss.${name}`, name.replaceAll('_', ' '));
    return detail ? `${text} (${detail})` : text;
  };
}

/** Filter reasons have translations; an unknown one is shown as it is. */
export function useReason(): (reason: string) => string {
  const { t, i18n } = useTranslation();
  return (reason) => {
    const name = reason.split(':')[0] ?? reason;
    const key = `route.reason.${name}`;
    return i18n.exists(key) ? t(key) : reason.replaceAll('_', ' ');
  };
}

function FunnelCells({ selection, compact }: { selection: Selection; compact?: boolean }) {
  const { t } = useTranslation();
  const cells = funnel(selection.context ?? {});
  const total = cells[0]?.count ?? 0;
  return (
    <ol className={cn('grid', compact ? 'gap-x-2 gap-y-3' : 'gap-px border-b border-line bg-line')} style={{ gridTemplateColumns: `repeat(auto-fit, minmax(${compact ? 64 : 96}px, 1fr))` }}>
      {cells.map((cell) => (
        <li key={cell.key} className={cn('min-w-0', !compact && 'bg-panel px-4 pt-2 pb-3')}>
          <span className={cn('font-semibold', compact ? 'text-13' : 'text-16')}>{cell.count}</span>
          {cell.lost > 0 && <span className="ml-1.5 text-12 text-err">−{cell.lost}</span>}
          <span className="block truncate text-12 text-fg-2">{t(`route.funnel.${cell.key}`, { priority: selection.priority ?? 0 })}</span>
          <span className="mt-1.5 block h-1 overflow-hidden rounded-xs bg-track">
            <span className="block h-full rounded-xs bg-series-1" style={{ width: `${total > 0 ? (cell.count / total) * 100 : 0}%` }} />
          </span>
        </li>
      ))}
    </ol>
  );
}

function RemovedTable({ selection }: { selection: Selection }) {
  const { t } = useTranslation();
  const reason = useReason();
  const [all, setAll] = useState(false);
  const list = removed(selection.context ?? {});
  const shown = all ? list : list.slice(0, 6);
  if (list.length === 0) return null;
  return (
    <>
      <table className="w-full text-13">
        <thead>
          <tr className="text-left text-11 text-fg-muted">
            <th scope="col" className="h-[30px] px-4 font-medium">{t('route.removed')}</th>
            <th scope="col" className="px-4 font-medium">{t('route.reasonTitle')}</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((entry, i) => (
            <tr key={i} className="border-t border-line">
              <td className="h-8 px-4">{entry.name}</td>
              <td className="px-4 py-1 text-fg-2">
                {reason(entry.reason)}
                {entry.details && <span className="text-fg-muted"> · {entry.details}</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {list.length > shown.length && (
        <button type="button" onClick={() => setAll(true)} className="h-9 px-4 text-12 font-medium text-accent hover:text-accent-hover">
          {t('route.showRemoved', { count: list.length - shown.length })}
        </button>
      )}
    </>
  );
}

/** Who could take the request, per selection. Nothing without figures. */
export function SelectionPanel({ chain, compact }: { chain: Chain; compact?: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const withContext = chain.selections.filter((selection) => funnel(selection.context ?? {}).length > 0);
  const [chosen, setChosen] = useState(0);
  const selection = withContext[Math.min(chosen, withContext.length - 1)];
  if (!selection) return null;
  return (
    <div>
      <div className={cn('flex min-h-11 flex-wrap items-center gap-2', compact ? '' : 'border-b border-line px-4')}>
        <h2 className={cn('font-semibold', compact ? 'text-12' : 'text-14')}>{t('route.whoCould')}</h2>
        {selection.atMs !== undefined && <span className="text-12 text-fg-muted">{t('route.selectionAt', { at: format.latency(selection.atMs) })}</span>}
        {withContext.length > 1 && (
          <span className="ml-auto">
            <Segmented
              label={t('route.selection')}
              value={String(chosen)}
              onChange={(value) => setChosen(Number(value))}
              options={withContext.map((_, i) => ({ value: String(i), label: i + 1 }))}
            />
          </span>
        )}
      </div>
      <FunnelCells selection={selection} compact={compact} />
      {compact ? <Draw selection={selection} /> : <RemovedTable selection={selection} />}
    </div>
  );
}

/** A narrower candidate has no room for its figure; the tooltip tells it. */
const READABLE_SHARE = 0.15;

/** Candidates as wide as their chance; the picked one outlined. */
export function Draw({ selection }: { selection: Selection }) {
  const { t } = useTranslation();
  const format = useFormat();
  const candidates = selection.context?.candidatesAtPriority ?? [];
  if (candidates.length === 0) return null;
  return (
    <div className="mt-3 flex items-center gap-2 text-12">
      <span className="shrink-0 text-fg-muted">{t('route.tier', { priority: selection.priority ?? 0 })}</span>
      <ul className="flex h-7 min-w-0 flex-1 gap-0.5">
        {candidates.map((candidate, i) => {
          const picked = candidate.name === selection.provider;
          return (
            <li
              key={candidate.id ?? i}
              className={cn(
                'flex min-w-10 items-center justify-between gap-2 overflow-hidden rounded-sm border px-2',
                picked ? 'border-accent bg-accent-tint text-accent-on-tint' : 'border-line bg-sunken text-fg-2',
              )}
              style={{ flexGrow: candidate.probability ?? 1, flexBasis: 0 }}
              title={`${candidate.name ?? ''} ${candidate.probability === undefined ? '' : format.percent(candidate.probability, 1)}`}
            >
              <span className={cn('truncate', picked && 'font-medium')}>{candidate.name}</span>
              {candidate.probability !== undefined && candidate.probability >= READABLE_SHARE && <span className="shrink-0">{format.percent(candidate.probability, 1)}</span>}
            </li>
          );
        })}
      </ul>
    </div>
  );
}

interface Step {
  icon: LucideIcon;
  tone: string;
  title: string;
  detail: string | undefined;
  atMs: number | undefined;
}

const attemptLook: Record<Attempt['outcome'], { icon: LucideIcon; tone: string }> = {
  ok: { icon: Check, tone: 'border-ok bg-ok-tint text-ok' },
  failed: { icon: OctagonX, tone: 'border-err bg-err-tint text-err' },
  limited: { icon: TriangleAlert, tone: 'border-warn bg-warn-tint text-warn' },
  aborted: { icon: CircleDot, tone: 'border-line-strong bg-sunken text-fg-muted' },
  live: { icon: CircleDot, tone: 'border-info bg-info-tint text-info' },
};

/** Words what was done to a call, or found out about it. */
function useSpecial(): (setting: SpecialSetting) => string {
  const { t } = useTranslation();
  const format = useFormat();
  return ({ type, ...found }) => {
    const nobody = type === 'thinking_signature_model_detection' && !found.extractedModel;
    const key = nobody ? 'route.special.thinking_not_signed' : `route.special.${type}`;
    const service = found.resolvedFrom === 'actual' ? found.actualServiceTier : found.requestedServiceTier;
    return t(key, {
      defaultValue: type.replaceAll('_', ' '),
      model: found.extractedModel ?? found.resolvedModelName ?? '',
      name: found.modelName ?? '',
      service: service ?? 'default',
      tokens: format.tokens(found.thresholdTokens ?? 0),
    });
  };
}

function useSteps(chain: Chain): Step[] {
  const { t } = useTranslation();
  const format = useFormat();
  const reason = useReason();
  const loss = useLoss();
  const special = useSpecial();
  const attemptStep = (attempt: Attempt): Step => {
    const facts = [
      attempt.message,
      attempt.breaker && t('route.step.breaker', attempt.breaker),
      attempt.redirect && t('route.step.redirect', attempt.redirect),
      attempt.conversion && t('route.step.conversion', { from: attempt.conversion.from, to: attempt.conversion.to, count: attempt.conversion.drops.length }),
      attempt.conversion?.drops.length && t('route.step.leftOut', { what: attempt.conversion.drops.map(loss).join(', ') }),
      ...attempt.special.map(special),
    ].filter(Boolean);
    const title =
      attempt.outcome === 'live'
        ? t('route.step.live', { name: attempt.provider })
        : attempt.outcome === 'aborted'
          ? t('route.step.aborted')
          : attempt.status === undefined
            ? t('route.step.noAnswer', { name: attempt.provider })
            : t('route.step.answered', { name: attempt.provider, status: attempt.status });
    return { ...attemptLook[attempt.outcome], title, detail: facts.join(' · ') || undefined, atMs: attempt.endMs };
  };
  const pickStep = (selection: Selection): Step => ({
    icon: selection.method === 'draw' ? Shuffle : Link2,
    tone: 'border-line-strong bg-panel text-fg-muted',
    title: t(`route.step.${selection.method}`, { name: selection.provider }),
    detail:
      !selection.candidates
        ? undefined
        : t('route.step.draw_detail', {
            priority: selection.priority ?? 0,
            count: selection.candidates,
            chance: selection.probability === undefined ? '–' : format.percent(selection.probability, 1),
          }),
    atMs: selection.atMs,
  });
  const step = (item: ChainItem): Step | undefined => {
    if (item.kind === 'selection') {
      const selection = chain.selections[item.index];
      return selection && pickStep(selection);
    }
    if (item.kind === 'attempt') {
      const attempt = chain.attempts[item.index];
      return attempt && attemptStep(attempt);
    }
    const { event } = item;
    const title = event.provider ? t('route.step.event', { name: event.provider, what: reason(event.reason) }) : reason(event.reason);
    return { icon: ArrowRightLeft, tone: 'border-line-strong bg-panel text-fg-muted', title, detail: event.message && reason(event.message), atMs: event.atMs };
  };
  return chain.order.map(step).filter((entry): entry is Step => entry !== undefined);
}

/** The same as an ordered list. */
export function Steps({ chain }: { chain: Chain }) {
  const { t } = useTranslation();
  const format = useFormat();
  const steps = useSteps(chain);
  if (steps.length === 0) return <p className="px-4 pb-4 text-12 text-fg-muted">{t('route.noSteps')}</p>;
  return (
    <ol className="px-4 pb-2">
      {steps.map((step, i) => (
        <li key={i} className="relative flex gap-3 pb-3">
          {i < steps.length - 1 && <span className="absolute top-6 bottom-0 left-[11px] w-px bg-line" aria-hidden="true" />}
          <span className={cn('flex size-[23px] shrink-0 items-center justify-center rounded-full border', step.tone)} aria-hidden="true">
            <step.icon size={12} />
          </span>
          <span className="min-w-0 flex-1">
            <span className="flex justify-between gap-3">
              <span className="text-13 font-medium break-words">{step.title}</span>
              {step.atMs !== undefined && <span className="shrink-0 text-12 text-fg-muted">+{format.latency(step.atMs)}</span>}
            </span>
            {step.detail && <span className="block text-12 break-words text-fg-muted">{step.detail}</span>}
          </span>
        </li>
      ))}
    </ol>
  );
}
