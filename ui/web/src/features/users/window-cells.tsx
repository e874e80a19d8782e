import { useTranslation } from 'react-i18next';
import { QuotaBar } from '@/components/ui/bars';
import { useFormat } from '@/i18n/use-format';
import type { WindowUsage } from './usage';

/** One window: its bar, or the word that nothing limits it. */
export function WindowBar({ window }: { window: WindowUsage }) {
  const { t } = useTranslation();
  const format = useFormat();
  const money = window.key !== 'sessions';
  if (window.used === undefined && window.limit !== undefined) {
    return <span className="text-12 text-fg-muted">{t('users.limitOf', { limit: money ? format.usdLimit(window.limit) : window.limit })}</span>;
  }
  return (
    <div title={window.resetAt ? t('users.resets', { at: format.time(window.resetAt) }) : undefined}>
      <QuotaBar
        used={window.used ?? 0}
        limit={window.limit}
        label={t(`users.window.${window.key}`)}
        format={money ? format.usdUsed : format.count}
        formatLimit={money ? format.usdLimit : format.count}
      />
    </div>
  );
}
