import { useTranslation } from 'react-i18next';
import type { Provider, ProviderHealth } from '@/api/types';
import { State } from '@/components/ui/state';
import { countdown } from '@/lib/format';
import { readHealth } from './health';

/** Shape, word, and when it ends by itself. */
export function BreakerState({ provider, health, now }: { provider: Pick<Provider, 'isEnabled'>; health: ProviderHealth | undefined; now: number }) {
  const { t } = useTranslation();
  const reading = readHealth(provider, health, now);
  return (
    <State tone={reading.tone}>
      {t(`breaker.${reading.key}`)}
      {reading.until !== undefined && reading.until > now && ` ${countdown(reading.until - now)}`}
      {reading.key === 'closed' && health && health.failures > 0 && <span className="text-12 text-fg-faint"> {t('breaker.failures', { count: health.failures })}</span>}
    </State>
  );
}
