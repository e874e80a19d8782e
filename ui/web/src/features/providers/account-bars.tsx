import { useTranslation } from 'react-i18next';
import type { AccountQuota, AccountSummary } from '@/api/types';
import { barWidth } from '@/components/ui/bars';
import { useFormat } from '@/i18n/use-format';
import { cn } from '@/lib/cn';
import { barQuotas, quotaTone, usedShare } from './account';

const text = { neutral: 'text-fg', near: 'text-warn', full: 'text-err' };
const fill = { neutral: 'bg-fg-muted', near: 'bg-warn-fill', full: 'bg-err-fill' };

/** What is left of a balance, or used of a window, in words. */
export function useQuotaText() {
  const { t } = useTranslation();
  const format = useFormat();
  return (quota: AccountQuota): string => {
    if (quota.isUnlimited) return t('providers.account.unlimited');
    if (quota.kind === 'window') return quota.usedFraction === null ? t('providers.account.unknown') : format.percent(quota.usedFraction, 1);
    if (quota.remaining === null) return t(quota.status === 'rejected' ? 'providers.account.empty' : 'providers.account.unknown');
    return quota.unit === 'USD' ? format.usd(quota.remaining) : `${format.count(quota.remaining)} ${quota.unit ?? ''}`.trim();
  };
}

/** Label and figure, and below or, in a row, between them the share that is used, where it is known. */
export function QuotaLine({ quota, compact }: { quota: AccountQuota; compact?: boolean }) {
  const { t } = useTranslation();
  const describe = useQuotaText();
  const used = usedShare(quota);
  const tone = quotaTone(quota);
  const label = quota.label === 'balance' || quota.label === 'account' ? t(`providers.account.label.${quota.label}`) : quota.label;
  const bar = used !== undefined && (
    <span className={cn('block h-1 min-w-0 flex-1 overflow-hidden rounded-xs bg-track', !compact && 'mt-[3px]')}>
      <span className={cn('block h-full rounded-xs', fill[tone])} style={{ width: `${barWidth(used, 1)}%` }} />
    </span>
  );
  return (
    <div
      className="min-w-0"
      {...(used !== undefined && {
        role: 'meter', 'aria-label': label, 'aria-valuemin': 0, 'aria-valuemax': 100, 'aria-valuenow': Math.round(Math.min(1, used) * 100), 'aria-valuetext': describe(quota),
      })}
    >
      <div className="flex items-center justify-between gap-2 text-12 leading-[16px]">
        <span className="truncate text-fg-muted">{label}</span>
        {compact && bar}
        <span className={cn('text-right whitespace-nowrap', compact && 'min-w-12', quota.isCurrent ? text[tone] : 'text-fg-faint')}>{describe(quota)}</span>
      </div>
      {!compact && bar}
    </div>
  );
}

/** The account in a row of the list: two small bars, or a dash where nothing is known. */
export function AccountBars({ account, className }: { account: AccountSummary | undefined; className?: string }) {
  const { t } = useTranslation();
  const quotas = barQuotas(account);
  if (quotas.length === 0) {
    const failed = account?.status === 'failed';
    return (
      <span className={cn('text-12', failed ? 'text-warn' : 'text-fg-muted', className)} title={account?.error ?? undefined}>
        {failed ? t('providers.account.status.failed') : '–'}
      </span>
    );
  }
  return (
    <div className={cn('flex flex-col gap-0.5', className)}>
      {quotas.map((quota) => (
        <QuotaLine key={quota.label} quota={quota} compact />
      ))}
    </div>
  );
}
