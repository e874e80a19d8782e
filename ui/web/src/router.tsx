import type { QueryClient } from '@tanstack/react-query';
import { createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router';
import { isApiError } from '@/api/error';
import { queries } from '@/api/queries';
import { boot } from '@/boot';
import { NotFound, RouteError } from '@/components/shell/fallbacks';
import { homeOf } from '@/components/shell/nav';
import { Shell } from '@/components/shell/shell';
import { readBoardSearch } from '@/features/leaderboard/search';
import { readMeSearch } from '@/features/me/search';
import { readPriceSearch } from '@/features/prices/search';
import { readLogSearch } from '@/features/requests/search';
import { readListSearch } from '@/lib/list-search';
import { parseSearch, safeNext, stringifySearch } from '@/lib/search';

interface Context {
  queryClient: QueryClient;
}

const root = createRootRouteWithContext<Context>()({ notFoundComponent: NotFound });

/** Pages inside the shell need a session; without one the way leads to the sign-in page and back. */
const shell = createRoute({
  getParentRoute: () => root,
  id: 'shell',
  component: Shell,
  errorComponent: RouteError,
  beforeLoad: async ({ context, location }) => {
    try {
      await context.queryClient.query({ ...queries.me(), staleTime: 'static' });
    } catch (error) {
      if (!isApiError(error, 401)) throw error;
      throw redirect({ to: '/login', search: { next: location.pathname + location.searchStr } });
    }
  },
});

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  validateSearch: (search: Record<string, unknown>): { next?: string } => ({ next: safeNext(text(search.next)) }),
  component: lazyRouteComponent(() => import('@/features/auth/login'), 'LoginPage'),
});

const index = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: async ({ context }) => {
    // Who is nobody yet goes on to where the sign-in is asked for.
    const me = await context.queryClient.query({ ...queries.me(), staleTime: 'static' }).catch(() => undefined);
    throw redirect({ to: homeOf(me?.role), replace: true });
  },
});

const dashboard = createRoute({
  getParentRoute: () => shell,
  path: '/dashboard',
  component: lazyRouteComponent(() => import('@/features/overview/overview'), 'OverviewPage'),
});

const setup = createRoute({
  getParentRoute: () => shell,
  path: '/setup',
  component: lazyRouteComponent(() => import('@/features/onboarding/onboarding'), 'OnboardingPage'),
});

const sessions = createRoute({
  getParentRoute: () => shell,
  path: '/sessions',
  validateSearch: readListSearch,
  component: lazyRouteComponent(() => import('@/features/sessions/sessions'), 'SessionsPage'),
});

const logs = createRoute({
  getParentRoute: () => shell,
  path: '/logs',
  validateSearch: readLogSearch,
  component: lazyRouteComponent(() => import('@/features/requests/requests'), 'RequestsPage'),
});

const logDetail = createRoute({
  getParentRoute: () => shell,
  path: '/logs/$id',
  component: lazyRouteComponent(() => import('@/features/requests/detail-page'), 'RequestDetailPage'),
});

const providers = createRoute({
  getParentRoute: () => shell,
  path: '/providers',
  validateSearch: readListSearch,
  component: lazyRouteComponent(() => import('@/features/providers/providers'), 'ProvidersPage'),
});

const users = createRoute({
  getParentRoute: () => shell,
  path: '/users',
  validateSearch: readListSearch,
  component: lazyRouteComponent(() => import('@/features/users/users'), 'UsersPage'),
});

const prices = createRoute({
  getParentRoute: () => shell,
  path: '/prices',
  validateSearch: readPriceSearch,
  component: lazyRouteComponent(() => import('@/features/prices/prices'), 'PricesPage'),
});

const leaderboard = createRoute({
  getParentRoute: () => shell,
  path: '/leaderboard',
  validateSearch: readBoardSearch,
  component: lazyRouteComponent(() => import('@/features/leaderboard/leaderboard'), 'LeaderboardPage'),
});

const filters = createRoute({
  getParentRoute: () => shell,
  path: '/settings/request-filters',
  validateSearch: readListSearch,
  component: lazyRouteComponent(() => import('@/features/filters/filters'), 'FiltersPage'),
});

const ownUsage = createRoute({
  getParentRoute: () => shell,
  path: '/me',
  validateSearch: readMeSearch,
  component: lazyRouteComponent(() => import('@/features/me/me'), 'MePage'),
});

const clients = createRoute({
  getParentRoute: () => shell,
  path: '/docs/setup',
  component: lazyRouteComponent(() => import('@/features/onboarding/clients-page'), 'ClientsPage'),
});

const gallery = createRoute({
  getParentRoute: () => root,
  path: '/__ui',
  component: lazyRouteComponent(() => import('@/features/gallery/gallery'), 'GalleryPage'),
});

/** Addresses of Claude Code Hub before this dashboard; old bookmarks keep working. */
const moved: Record<string, string> = {
  '/dashboard/logs': '/logs',
  '/dashboard/sessions': '/sessions',
  '/dashboard/users': '/users',
  '/dashboard/providers': '/providers',
  '/dashboard/leaderboard': '/leaderboard',
  '/settings/providers': '/providers',
  '/settings/prices': '/prices',
  '/my-usage': '/me',
  '/usage-doc': '/docs/setup',
};

const redirects = Object.entries(moved).map(([path, to]) =>
  createRoute({
    getParentRoute: () => root,
    path,
    beforeLoad: () => {
      throw redirect({ to, replace: true });
    },
  }),
);

const tree = root.addChildren([
  index,
  login,
  gallery,
  ...redirects,
  shell.addChildren([dashboard, setup, sessions, logs, logDetail, leaderboard, providers, users, prices, filters, ownUsage, clients]),
]);

export function createAppRouter(queryClient: QueryClient) {
  return createRouter({
    routeTree: tree,
    basepath: boot.basePath,
    context: { queryClient },
    parseSearch,
    stringifySearch,
    scrollRestoration: true,
    defaultNotFoundComponent: NotFound,
    defaultErrorComponent: RouteError,
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
