import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { queries } from '@/api/queries';
import { boot } from '@/boot';
import { Logo } from '@/components/ui/marks';
import { StateShape } from '@/components/ui/state';
import { cn } from '@/lib/cn';
import { useIsAdmin, useMe } from '@/lib/session';
import { AccountMenu } from './account';
import { homeOf, navFor, type NavItem } from './nav';

interface Counts {
  [key: string]: number | undefined;
}

/** Counts beside the items, from lists that the pages poll anyway. */
function useCounts(): { counts: Counts; fault: boolean } {
  const admin = useIsAdmin();
  const providers = useQuery({ ...queries.providers(), enabled: admin });
  const health = useQuery({ ...queries.providersHealth(), enabled: admin });
  const users = useQuery({ ...queries.users(), enabled: admin });
  const reader = useMe()?.role === 'reader';
  const sessions = useQuery({ ...queries.sessions('active'), enabled: !reader });
  return {
    counts: { providers: providers.data?.length, users: users.data?.length, sessions: sessions.data?.length },
    fault: health.data?.some((item) => item.state === 'open') ?? false,
  };
}

const itemClass =
  'flex h-9 items-center gap-[9px] rounded-md px-2.5 text-13 text-fg-2 hover:bg-hover max-xl:justify-center max-xl:px-0 xl:h-[30px] xl:px-2 [&.active]:bg-press [&.active]:font-medium [&.active]:text-fg';

function Item({ item, count, fault }: { item: NavItem; count?: number; fault?: boolean }) {
  const { t } = useTranslation();
  const label = t(`nav.${item.key}`);
  const Icon = item.icon;
  const content = (
    <>
      <Icon size={16} strokeWidth={1.75} className="shrink-0 text-fg-muted" aria-hidden="true" />
      <span className="flex-1 truncate max-xl:sr-only">{label}</span>
      {fault ? (
        <span className="max-xl:hidden">
          <StateShape tone="open" size={8} />
          <span className="sr-only">{t('nav.fault')}</span>
        </span>
      ) : (
        count !== undefined && count > 0 && <span className="text-11 text-fg-muted max-xl:hidden">{count}</span>
      )}
    </>
  );
  if (item.external) {
    return (
      <a href={item.to} className={itemClass} title={label}>
        {content}
      </a>
    );
  }
  return (
    <Link to={item.to} className={itemClass} activeProps={{ className: 'active' }} title={label}>
      {content}
    </Link>
  );
}

export function Sidebar({ className }: { className?: string }) {
  const { t } = useTranslation();
  const me = useMe();
  const { counts, fault } = useCounts();
  return (
    <aside className={cn('w-14 shrink-0 flex-col border-r border-line bg-bg xl:w-[232px]', className)}>
      <Link to={homeOf(me?.role)} className="flex h-12 items-center gap-2.5 px-4 text-14 font-semibold max-xl:justify-center max-xl:px-0" title={boot.title}>
        <Logo />
        <span className="truncate max-xl:sr-only">{boot.title}</span>
      </Link>
      <nav aria-label={t('nav.label')} className="flex-1 overflow-y-auto px-2.5 pb-3">
        {navFor(me?.role ?? 'reader', !!me?.key).map((group, i) => (
          <div key={group.key} className={cn(i > 0 && 'max-xl:mt-2 max-xl:border-t max-xl:border-line max-xl:pt-2')}>
            <p className="flex h-9 items-end px-2 pb-1.5 text-12 text-fg-muted max-xl:sr-only">{t(`nav.${group.key}`)}</p>
            {group.items.map((item) => (
              <Item key={item.key} item={item} count={counts[item.key]} fault={item.key === 'providers' && fault} />
            ))}
          </div>
        ))}
      </nav>
      <AccountMenu />
    </aside>
  );
}
