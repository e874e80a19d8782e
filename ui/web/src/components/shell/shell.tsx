import { Outlet, useRouterState } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import { useMe } from '@/lib/session';
import { useNewVersion } from '@/lib/version';
import { Forbidden } from './fallbacks';
import { rolesOf } from './nav';
import { PhoneBar } from './phone-bar';
import { Sidebar } from './sidebar';
import { TopBar } from './top-bar';

/** The frame of every page behind the sign-in. */
export function Shell() {
  const { t } = useTranslation();
  const me = useMe();
  const newVersion = useNewVersion();
  const path = useRouterState({ select: (state) => state.location.pathname });
  return (
    <div className="flex h-full overflow-hidden">
      {/* The base element would turn "#main" into another page: focus by hand. */}
      <button
        type="button"
        onClick={() => document.getElementById('main')?.focus()}
        className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-60 focus:rounded-md focus:bg-fg focus:px-3 focus:py-1.5 focus:text-13 focus:text-bg"
      >
        {t('nav.skip')}
      </button>
      <Sidebar className="hidden md:flex" />
      <div className="flex min-w-0 flex-1 flex-col">
        <TopBar path={path} />
        {newVersion && (
          <div role="status" className="flex items-center gap-3 border-b border-line bg-info-tint px-6 py-1.5 text-12 text-info-on-tint">
            <span className="flex-1">{t('version.newer')}</span>
            <Button size="sm" onClick={() => window.location.reload()}>
              {t('version.reload')}
            </Button>
          </div>
        )}
        <main id="main" tabIndex={-1} className="relative min-h-0 flex-1 overflow-hidden focus:shadow-none">
          {me && !rolesOf(path).includes(me.role) ? <Forbidden role={me.role} /> : <Outlet />}
        </main>
        <PhoneBar />
      </div>
    </div>
  );
}
