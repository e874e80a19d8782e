import { Link, type ErrorComponentProps } from '@tanstack/react-router';
import { Lock } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { Role } from '@/api/types';
import { buttonClass } from '@/components/ui/button';
import { Empty, ErrorNotice } from '@/components/ui/notice';

export function NotFound() {
  const { t } = useTranslation();
  return (
    <div className="pt-[15vh]">
      <Empty
        title={t('notFound.title')}
        actions={
          <Link to="/" className={buttonClass('primary')}>
            {t('notFound.back')}
          </Link>
        }
      >
        {t('notFound.help')}
      </Empty>
    </div>
  );
}

export function RouteError({ error, reset }: ErrorComponentProps) {
  const { t } = useTranslation();
  return (
    <div className="mx-auto max-w-xl p-6">
      <ErrorNotice error={error} title={t('errors.page')} onRetry={reset} />
    </div>
  );
}

/** A page that the role may not open: what is missing, who can grant it, and the way to what is there. */
export function Forbidden({ role }: { role: Role }) {
  const { t } = useTranslation();
  return (
    <div className="mx-auto max-w-xl p-4 lg:p-6">
      <section role="alert" className="flex flex-wrap items-center gap-x-3 gap-y-2 rounded-md bg-sunken px-4 py-3">
        <Lock size={16} className="shrink-0 text-fg-muted" aria-hidden="true" />
        <div className="min-w-0 flex-1 basis-64 text-12">
          <h1 className="text-13 font-medium">{t('errors.forbiddenTitle')}</h1>
          <p className="text-fg-muted">{role === 'reader' ? t('errors.forbiddenReader') : t('errors.forbiddenUser')}</p>
        </div>
        <Link to="/me" className={buttonClass('secondary', 'sm')}>
          {t('nav.usage')}
        </Link>
      </section>
    </div>
  );
}
