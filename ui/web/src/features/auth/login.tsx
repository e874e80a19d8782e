import { useQueryClient } from '@tanstack/react-query';
import { useRouter, useSearch } from '@tanstack/react-router';
import { ArrowRight, CircleAlert, Eye, EyeOff, LockOpen } from 'lucide-react';
import { useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '@/api/error';
import { login } from '@/api/mutations';
import type { LoginResult } from '@/api/types';
import { boot } from '@/boot';
import { LanguageMenu, ThemeMenu } from '@/components/shell/account';
import { Button } from '@/components/ui/button';
import { Logo } from '@/components/ui/marks';
import { useErrorText } from '@/i18n/error-text';
import { countdown } from '@/lib/format';
import { useNow } from '@/lib/clock';
import { cn } from '@/lib/cn';
import { RouteDrawing } from './route-drawing';

/** Plain HTTP to another host: everybody on the way can read the key. */
function insecure(): boolean {
  return window.location.protocol === 'http:' && !/^(localhost|127\.|\[::1\])/.test(window.location.hostname);
}

function landing(result: LoginResult): string {
  if (result.loginType === 'readonly_user') return '/me';
  return '/dashboard';
}

function useLogin() {
  const router = useRouter();
  const queryClient = useQueryClient();
  const { next } = useSearch({ from: '/login' });
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError>();
  const [lockedUntil, setLockedUntil] = useState(0);
  const submit = async (key: string) => {
    setBusy(true);
    setError(undefined);
    try {
      const result = await login(key.trim());
      queryClient.clear();
      // The history knows the whole path, the routes only what follows the base.
      router.history.push(boot.basePath.replace(/\/$/, '') + (next ?? landing(result)));
    } catch (cause) {
      const refused = cause instanceof ApiError ? cause : new ApiError(0, { errorCode: 'network.unreachable' });
      setError(refused);
      if (refused.status === 429) setLockedUntil(Date.now() + (refused.retryAfter ?? 60) * 1000);
    } finally {
      setBusy(false);
    }
  };
  return { busy, error, lockedUntil, submit };
}

export function LoginPage() {
  const { t } = useTranslation();
  return (
    <div className="flex min-h-full bg-panel">
      <div className="flex min-h-screen w-full flex-col px-6 py-6 lg:w-1/2 lg:px-10">
        <header className="flex items-center gap-2.5">
          <Logo size={24} />
          <span className="text-16 font-semibold">{boot.title}</span>
          <span className="ml-auto flex items-center gap-1">
            <LanguageMenu />
            <ThemeMenu />
          </span>
        </header>
        <main className="flex flex-1 items-center justify-center">
          <LoginForm />
        </main>
        <footer className="flex flex-wrap items-center gap-3 text-12 text-fg-muted">
          {boot.version && <span>v{boot.version.replace(/^v/, '')}</span>}
          {insecure() && (
            <span className="inline-flex items-center gap-1.5 text-warn">
              <LockOpen size={13} aria-hidden="true" />
              {t('login.plainHttp')}
            </span>
          )}
        </footer>
      </div>
      <div className="hidden w-1/2 items-center justify-center border-l border-line bg-bg lg:flex" aria-hidden="true">
        <RouteDrawing />
      </div>
    </div>
  );
}

function LoginForm() {
  const { t } = useTranslation();
  const text = useErrorText();
  const { busy, error, lockedUntil, submit } = useLogin();
  const [key, setKey] = useState('');
  const [shown, setShown] = useState(false);
  const now = useNow(1000);
  const locked = lockedUntil > now;
  const onSubmit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (key.trim() !== '') void submit(key);
  };
  return (
    <form onSubmit={onSubmit} className="w-full max-w-[360px]">
      <h1 className="text-24 font-semibold tracking-[-0.011em]">{t('login.title')}</h1>
      <p className="mt-1 text-14 text-fg-muted">{t('login.help')}</p>
      <label htmlFor="login-key" className="mt-6 block text-12 font-medium text-fg-2">
        {t('login.key')}
      </label>
      <span className={cn('field-box mt-1.5 flex h-10 items-center rounded-md border bg-panel pr-1 pl-2.5', error ? 'border-err' : 'border-control-line')}>
        <input
          id="login-key"
          name="password"
          type={shown ? 'text' : 'password'}
          autoComplete="current-password"
          autoFocus
          spellCheck={false}
          autoCapitalize="none"
          value={key}
          onChange={(event) => setKey(event.target.value)}
          aria-invalid={!!error}
          aria-describedby={error ? 'login-error' : undefined}
          className="h-full min-w-0 flex-1 bg-transparent font-code text-13 outline-none"
        />
        <Button tone="ghost" size="sm" iconOnly aria-label={shown ? t('login.hide') : t('login.show')} aria-pressed={shown} onClick={() => setShown(!shown)}>
          {shown ? <EyeOff size={15} /> : <Eye size={15} />}
        </Button>
      </span>
      {error && (
        <p id="login-error" role="alert" className="mt-2 flex items-start gap-1.5 text-13 text-err">
          <CircleAlert size={14} className="mt-0.5 shrink-0" aria-hidden="true" />
          <span>{locked ? t('login.locked', { time: countdown(lockedUntil - now) }) : error.status === 401 && error.code === 'auth.missing' ? t('login.wrong') : text(error)}</span>
        </p>
      )}
      <Button type="submit" tone="primary" size="lg" busy={busy} disabled={locked || key.trim() === ''} className="mt-5 h-10! w-full">
        {t('login.submit')}
        <ArrowRight size={15} aria-hidden="true" />
      </Button>
    </form>
  );
}
