/** How a provider's health reads: the tone, a word and a countdown. Pure. */
import type { Provider, ProviderHealth } from '@/api/types';
import type { Tone } from '@/components/ui/state';

export interface HealthReading {
  tone: Tone;
  /** Translation key below "breaker.". */
  key: 'closed' | 'open' | 'half_open' | 'cooling' | 'exhausted' | 'disabled' | 'unknown';
  /** When the state ends by itself. */
  until: number | undefined;
}

export function readHealth(provider: Pick<Provider, 'isEnabled'>, health: ProviderHealth | undefined, now: number): HealthReading {
  if (!provider.isEnabled) return { tone: 'off', key: 'disabled', until: undefined };
  if (!health) return { tone: 'off', key: 'unknown', until: undefined };
  if (health.state === 'open') return { tone: 'open', key: 'open', until: at(health.retryAt) };
  if (health.state === 'half_open') return { tone: 'half', key: 'half_open', until: undefined };
  const cooling = at(health.coolingUntil);
  if (cooling !== undefined && cooling > now) return { tone: 'limited', key: 'cooling', until: cooling };
  const exhausted = at(health.account.exhaustedUntil);
  if (exhausted !== undefined && exhausted > now) return { tone: 'limited', key: 'exhausted', until: exhausted };
  return { tone: 'ok', key: 'closed', until: undefined };
}

function at(iso: string | null | undefined): number | undefined {
  const time = iso ? Date.parse(iso) : NaN;
  return Number.isFinite(time) ? time : undefined;
}

export type HealthCounts = Record<'closed' | 'half_open' | 'open' | 'disabled', number>;

export function countHealth(providers: readonly Provider[], health: readonly ProviderHealth[] | undefined): HealthCounts {
  const counts: HealthCounts = { closed: 0, half_open: 0, open: 0, disabled: 0 };
  for (const provider of providers) {
    if (!provider.isEnabled) counts.disabled++;
    else counts[health?.find((item) => item.providerId === provider.id)?.state ?? 'closed']++;
  }
  return counts;
}
