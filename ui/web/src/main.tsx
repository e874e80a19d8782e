import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { setUnauthorizedHandler, setVersionHandler } from '@/api/client';
import { isApiError } from '@/api/error';
import { boot } from '@/boot';
import { Toaster } from '@/components/ui/toast';
import { startI18n } from '@/i18n';
import { noteServerVersion, reloadOnceForChunk } from '@/lib/version';
import { createAppRouter } from '@/router';
import '@/styles/app.css';

const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (count, error) => !(isApiError(error) && error.status > 0 && error.status < 500) && count < 2,
      refetchOnWindowFocus: false,
      refetchIntervalInBackground: false,
    },
  },
});
const router = createAppRouter(queryClient);

setVersionHandler(noteServerVersion);
setUnauthorizedHandler(() => {
  const { pathname, searchStr } = router.state.location;
  if (pathname === '/login') return;
  queryClient.clear();
  void router.navigate({ to: '/login', search: { next: pathname + searchStr } });
});
// A chunk of the previous build is gone after an upgrade: load the new page, once.
window.addEventListener('vite:preloadError', reloadOnceForChunk);

document.title = boot.title;
await startI18n();

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
        <Toaster />
      </QueryClientProvider>
    </StrictMode>,
  );
}
