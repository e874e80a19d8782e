import { useTranslation } from 'react-i18next';
import type { Provider } from '@/api/types';
import { useFormat } from '@/i18n/use-format';
import { cn } from '@/lib/cn';
import type { Draft } from '@/lib/draft';
import { trafficShare, type ProviderDraft } from './draft';

/** What saving does to traffic: the tier's shares with the values as they stand in the form. */
export function SharePreview({ draft, provider, peers }: { draft: Draft<ProviderDraft>; provider: Provider | undefined; peers: Provider[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const after = trafficShare(draft.values, provider?.id, peers);
  if (after.length === 0) return null;
  const before = provider ? trafficShare(draft.initial, provider.id, peers) : [];
  const text = (shares: typeof after) => shares.map((share) => format.percent(share.share, 1)).join(' / ');
  const changes = before.length > 0 && text(before) !== text(after);
  return (
    <div className="rounded-md bg-sunken px-3 py-2.5 text-12">
      <p className="flex flex-wrap justify-between gap-2">
        <span className="font-semibold">{t('providers.tier', { priority: draft.values.priority, groups: draft.values.groups.join(', ') })}</span>
        <span className="text-fg-muted">{t('providers.shareIfSaved')}</span>
      </p>
      <ul className="mt-2 flex gap-0.5">
        {after.map((share, i) => (
          <li
            key={share.id ?? 'new'}
            className={cn('flex h-7 min-w-12 items-center justify-between gap-2 overflow-hidden rounded-sm border px-2', i === 0 ? 'border-accent bg-accent-tint text-accent-on-tint' : 'border-line-strong bg-panel')}
            style={{ flexGrow: share.share, flexBasis: 0 }}
            title={share.name}
          >
            <span className="truncate">{share.name || t('providers.newTitle')}</span>
            <span className="shrink-0 font-semibold">{format.percent(share.share, 1)}</span>
          </li>
        ))}
      </ul>
      {changes && <p className="mt-2 text-fg-muted">{t('providers.shareNow', { shares: text(before) })}</p>}
    </div>
  );
}
