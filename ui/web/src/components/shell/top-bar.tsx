import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { queries } from '@/api/queries';
import type { HealthReport } from '@/api/types';
import { Logo } from '@/components/ui/marks';
import { State } from '@/components/ui/state';
import { AccountMenu, ThemeMenu } from './account';

interface Crumb {
  key: string;
  to?: string;
}

const crumbs: [RegExp, Crumb[]][] = [
  [/^\/dashboard/, [{ key: 'overview' }]],
  [/^\/sessions/, [{ key: 'sessions' }]],
  [/^\/logs\/.+/, [{ key: 'requests', to: '/logs' }, { key: 'request' }]],
  [/^\/logs/, [{ key: 'requests' }]],
  [/^\/leaderboard/, [{ key: 'leaderboard' }]],
  [/^\/providers/, [{ key: 'providers' }]],
  [/^\/users/, [{ key: 'users' }]],
  [/^\/prices/, [{ key: 'prices' }]],
  [/^\/settings\/request-filters/, [{ key: 'filters' }]],
  [/^\/setup/, [{ key: 'setup' }]],
  [/^\/me$/, [{ key: 'usage' }]],
  [/^\/docs\/setup/, [{ key: 'clients' }]],
];

function Crumbs({ path }: { path: string }) {
  const { t } = useTranslation();
  const trail = crumbs.find(([pattern]) => pattern.test(path))?.[1] ?? [];
  return (
    <nav aria-label={t('nav.breadcrumb')} className="flex min-w-0 items-center gap-2 text-14 max-md:text-16">
      {trail.map((crumb, i) => (
        <span key={crumb.key} className="flex min-w-0 items-center gap-2">
          {i > 0 && <span className="text-fg-muted">/</span>}
          {crumb.to ? (
            <Link to={crumb.to} className="text-fg-muted hover:text-fg">
              {t(`nav.${crumb.key}`)}
            </Link>
          ) : (
            <span className="truncate font-semibold" aria-current="page">
              {t(`nav.${crumb.key}`)}
            </span>
          )}
        </span>
      ))}
    </nav>
  );
}

/** The state of the connection and of what is behind it, as the health report says. */
function Connection() {
  const { t } = useTranslation();
  const { data, isError } = useQuery(queries.health());
  if (isError) return <State tone="open">{t('connection.lost')}</State>;
  if (!data) return null;
  return (
    <>
      <State tone={data.status === 'degraded' ? 'half' : data.status === 'unhealthy' ? 'open' : 'ok'} className="text-12 text-fg">
        {t(`connection.${knownStatus(data)}`)}
      </State>
      <Environment report={data} />
    </>
  );
}

function knownStatus(report: HealthReport): 'healthy' | 'degraded' | 'unhealthy' {
  return report.status === 'degraded' || report.status === 'unhealthy' ? report.status : 'healthy';
}

/** The parts that are not well. A healthy part is no news; a part may be a word or an object with a status. */
export function componentWords(components: Record<string, unknown> | undefined): string[] {
  return Object.entries(components ?? {}).flatMap(([name, value]) => {
    const state = typeof value === 'string' ? value : ((value as { status?: unknown } | null)?.status ?? undefined);
    return typeof state !== 'string' || /^(?:ok|up|healthy|connected|unchecked)$/i.test(state) ? [] : [`${name} ${state}`];
  });
}

function Environment({ report }: { report: HealthReport }) {
  const words = componentWords(report.components);
  if (words.length === 0) return null;
  return <span className="hidden h-5 items-center rounded-sm border border-line-strong px-1.5 text-12 text-fg-2 lg:inline-flex">{words.join(' · ')}</span>;
}

export function TopBar({ path }: { path: string }) {
  return (
    <header className="flex h-[52px] shrink-0 items-center gap-3 border-b border-line px-4 md:h-12 md:px-6">
      <span className="md:hidden">
        <Logo size={22} />
      </span>
      <div className="min-w-0 flex-1">
        <Crumbs path={path} />
      </div>
      <Connection />
      <ThemeMenu />
      <div className="md:hidden">
        <AccountMenu compact />
      </div>
    </header>
  );
}
