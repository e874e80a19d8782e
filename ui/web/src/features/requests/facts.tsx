import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { UsageLog, UsageLogDetail } from '@/api/types';
import { CopyButton } from '@/components/ui/copy';
import { Badge, statusTone } from '@/components/ui/state';
import { useFormat } from '@/i18n/use-format';
import { cn } from '@/lib/cn';
import { clientName, tokenRate } from '@/lib/format';
import { useNames } from '@/lib/names';
import { effortAsked } from './chain';

export function StatusBadge({ log }: { log: UsageLog }) {
  const { t } = useTranslation();
  return <Badge tone={statusTone(log.statusCode, !!log.blockedBy)}>{log.statusCode ?? t('requests.live')}</Badge>;
}

/** "recovered", "refused", "inferred": what the status alone does not say. */
export function OutcomeBadges({ log, short }: { log: UsageLog; short?: boolean }) {
  const { t } = useTranslation();
  const { attempts } = log;
  const ok = log.statusCode != null && log.statusCode < 400;
  return (
    <>
      {ok && attempts > 1 && <Badge tone="outline">{short ? t('requests.recoveredShort') : t('requests.recovered', { count: attempts })}</Badge>}
      {log.blockedBy && <Badge tone="limited">{t('requests.blocked')}</Badge>}
      {log.statusCodeInferred && <Badge tone="outline">{t('requests.inferred')}</Badge>}
      {log.isDemo && <Badge>{t('requests.demo')}</Badge>}
      {log.isReplay && <Badge>{t('requests.replay')}</Badge>}
    </>
  );
}

/** Cost, first token, total and rate in one strip. */
export function KeyFigures({ log }: { log: UsageLog }) {
  const { t } = useTranslation();
  const format = useFormat();
  const first = log.ttftMs ?? log.ttfbMs;
  const rate = tokenRate(log.outputTokens, log.durationMs == null || first == null ? undefined : log.durationMs - first);
  const figures = [
    [t('requests.cost'), format.usd(log.costUsd)],
    [t('requests.firstToken'), format.latency(first)],
    [t('requests.total'), format.latency(log.durationMs)],
    [t('requests.rate'), rate === undefined ? '–' : t('requests.rateValue', { value: rate })],
  ] as const;
  return (
    <dl className="grid grid-cols-2 overflow-hidden rounded-md border border-line bg-panel sm:grid-cols-4">
      {figures.map(([label, value]) => (
        <div key={label} className="border-l border-line px-3 py-2 first:border-l-0">
          <dt className="text-12 text-fg-muted">{label}</dt>
          <dd className="text-14 font-semibold whitespace-nowrap">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Token classes with their counts and the cost they add up to. */
export function Billing({ log }: { log: UsageLog }) {
  const { t } = useTranslation();
  const format = useFormat();
  const classes: [string, number][] = [
    ['input', log.inputTokens],
    ['cacheRead', log.cacheReadInputTokens],
    ['cacheWrite5m', log.cacheCreation5mInputTokens],
    ['cacheWrite1h', log.cacheCreation1hInputTokens],
    ['output', log.outputTokens],
  ];
  const multipliers = [log.costMultiplier, log.groupMultiplier].filter((value): value is number => value != null && value !== 1);
  return (
    <table className="w-full text-13">
      <tbody>
        {classes.map(([name, count]) => (
          <tr key={name}>
            <th scope="row" className="h-6 text-left font-normal text-fg-2">{t(`requests.tokenClass.${name}`)}</th>
            <td className="text-right">{format.tokens(count)}</td>
          </tr>
        ))}
        {!!log.reasoningTokens && (
          <tr>
            <th scope="row" className="h-6 pl-3 text-left font-normal text-fg-muted">{t('requests.tokenClass.reasoning')}</th>
            <td className="text-right text-fg-muted">{format.tokens(log.reasoningTokens)}</td>
          </tr>
        )}
      </tbody>
      <tfoot>
        <tr className="font-semibold">
          <th scope="row" className="h-8 border-t border-line text-left font-semibold">
            {t('requests.cost')}
            {multipliers.length > 0 && <span className="ml-2 font-normal text-fg-muted">× {multipliers.join(' × ')}</span>}
          </th>
          <td className="border-t border-line text-right" title={`$${log.costUsd}`}>
            {format.usd(log.costUsd)}
          </td>
        </tr>
      </tfoot>
    </table>
  );
}

/** The head of a request's page: what it is, when, whose, how long. */
export function HeadFacts({ log }: { log: UsageLog }) {
  const { t } = useTranslation();
  const format = useFormat();
  const names = useNames();
  const first = log.ttftMs ?? log.ttfbMs;
  const facts: [string, string, boolean?][] = [
    [t('requests.request'), log.requestId, true],
    [t('requests.received'), `${format.time(log.createdAt, 'day')} ${format.time(log.createdAt, 'clockMs')}`],
    [t('requests.user'), [names.userName(log.userId, log.userName), log.keyName].filter(Boolean).join(', ')],
    [t('requests.client'), clientName(log.clientKind, log.clientVersion) ?? '–'],
    [t('requests.endpoint'), log.endpoint, true],
    [t('requests.cost'), format.usd(log.costUsd)],
    [t('requests.firstToken'), format.latency(first)],
    [t('requests.total'), format.latency(log.durationMs)],
  ];
  return (
    <dl className="flex flex-wrap gap-x-7 gap-y-2">
      {facts.map(([label, value, mono]) => (
        <div key={label} className="min-w-0">
          <dt className="text-11 text-fg-muted">{label}</dt>
          <dd className={cn('text-13 break-all', mono && 'font-code text-12')}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="flex min-h-[22px] items-center gap-3 text-12">
      <dt className="w-[81px] shrink-0 text-fg-muted">{label}</dt>
      <dd className="flex min-w-0 flex-1 items-center gap-1 break-words">{children}</dd>
    </div>
  );
}

/** Who sent it with what, and the ids to look it up by. */
export function Facts({ log }: { log: UsageLogDetail }) {
  const { t } = useTranslation();
  const format = useFormat();
  const names = useNames();
  const client = clientName(log.clientKind, log.clientVersion) ?? log.userAgent;
  const effort = effortAsked(log.specialSettings);
  return (
    <dl>
      <Fact label={t('requests.user')}>
        {names.userName(log.userId, log.userName)}
        {log.keyName && <span className="text-fg-muted"> · {log.keyName}</span>}
      </Fact>
      {client && <Fact label={t('requests.client')}>{client}</Fact>}
      {log.sessionId && (
        <Fact label={t('requests.session')}>
          <Link to="/logs" search={{ session: log.sessionId }} className="min-w-0 truncate font-code text-accent hover:text-accent-hover">
            {log.sessionId}
          </Link>
          <CopyButton value={log.sessionId} label={t('common.copyId')} />
        </Fact>
      )}
      <Fact label={t('requests.request')}>
        <code className="min-w-0 truncate">{log.requestId}</code>
        <CopyButton value={log.requestId} label={t('common.copyId')} />
      </Fact>
      {log.endpoint && (
        <Fact label={t('requests.endpoint')}>
          <code className="min-w-0 truncate">{log.endpoint}</code>
        </Fact>
      )}
      <Fact label={t('requests.received')}>{`${format.time(log.createdAt, 'date')} ${format.time(log.createdAt, 'clockMs')}`}</Fact>
      <Fact label={t('requests.models')}>
        <span className="min-w-0 break-words">
          {log.model}
          {log.modelSent && log.modelSent !== log.model && <span className="text-fg-muted"> ↳ {log.modelSent}</span>}
          {log.modelReturned && log.modelReturned !== (log.modelSent ?? log.model) && (
            <span className="text-warn"> {t('requests.returned', { model: log.modelReturned })}</span>
          )}
        </span>
      </Fact>
      {effort && <Fact label={t('requests.effort')}>{effort}</Fact>}
      {log.usageSource && log.usageSource !== 'upstream' && <Fact label={t('requests.usage')}>{t(`requests.usageSource.${log.usageSource}`, log.usageSource)}</Fact>}
      {log.clientIp && <Fact label={t('requests.ip')}>{log.clientIp}</Fact>}
    </dl>
  );
}
