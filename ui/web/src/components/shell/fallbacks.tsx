import { Link, type ErrorComponentProps } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { buttonClass } from '@/components/ui/button';
import { Empty, ErrorNotice } from '@/components/ui/notice';

export function NotFound() {
  const { t } = useTranslation();
  return (
    <div className="pt-[15vh]">
      <Empty
        title={t('notFound.title')}
        actions={
          <Link to="/dashboard" className={buttonClass('primary')}>
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
