import { Lock } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '@/api/error';
import { useErrorText } from '@/i18n/error-text';
import { cn } from '@/lib/cn';
import { Button } from './button';
import { CopyButton } from './copy';
import { StateShape } from './state';

/** What failed, its code and id, and one way on. A refusal names who can lift it. */
export function ErrorNotice({ error, title, onRetry, className }: { error: unknown; title: string; onRetry?: () => void; className?: string }) {
  const { t } = useTranslation();
  const text = useErrorText();
  if (error instanceof ApiError && error.status === 403) {
    return (
      <div role="alert" className={cn('flex items-center gap-3 rounded-md bg-sunken px-4 py-3', className)}>
        <Lock size={16} className="shrink-0 text-fg-muted" aria-hidden="true" />
        <div className="min-w-0 text-12">
          <p className="text-13 font-medium">{t('errors.forbiddenTitle')}</p>
          <p className="text-fg-muted">{t('errors.forbiddenHelp')}</p>
        </div>
      </div>
    );
  }
  const api = error instanceof ApiError ? error : undefined;
  return (
    <div role="alert" className={cn('flex items-center gap-3 rounded-md bg-err-tint px-4 py-3 text-err-on-tint', className)}>
      <StateShape tone="open" />
      <div className="min-w-0 flex-1 text-12">
        <p className="text-13 font-semibold">{title}</p>
        <p className="break-words">{text(error)}</p>
        {api && (
          <p className="flex flex-wrap items-center gap-x-1">
            {api.code}
            {api.requestId && (
              <>
                <span aria-hidden="true">·</span>
                <code className="text-11">{api.requestId}</code>
                <CopyButton value={api.requestId} label={t('common.copyId')} />
              </>
            )}
          </p>
        )}
      </div>
      {onRetry && (
        <Button size="sm" onClick={onRetry}>
          {t('common.retry')}
        </Button>
      )}
    </div>
  );
}

/** Bars of the final geometry, after 150 ms. */
export function Skeleton({ rows = 6, className }: { rows?: number; className?: string }) {
  const { t } = useTranslation();
  return (
    <div className={cn('delayed flex flex-col gap-3 py-3', className)} role="status" aria-label={t('common.loading')}>
      {Array.from({ length: rows }, (_, i) => (
        <div key={i} className="h-3 rounded-xs bg-track" style={{ width: `${[38, 86, 72, 64, 80, 55][i % 6]}%` }} />
      ))}
    </div>
  );
}

interface EmptyProps {
  title: string;
  children?: ReactNode;
  actions?: ReactNode;
  /** Nothing matches a filter: no drawing, the filters are the way on. */
  plain?: boolean;
}

export function Empty({ title, children, actions, plain }: EmptyProps) {
  return (
    <div className="mx-auto flex max-w-md flex-col items-center gap-1.5 px-6 py-12 text-center">
      {!plain && (
        <svg width="220" height="44" viewBox="0 0 220 44" fill="none" className="mb-3 stroke-line-strong" strokeWidth="1.5" aria-hidden="true">
          <rect x="1" y="9" width="56" height="26" rx="5" />
          <path d="M57 22h43" />
          <circle cx="110" cy="22" r="10" />
          <path d="M120 22h43" strokeDasharray="3 3" />
          <rect x="163" y="9" width="56" height="26" rx="5" strokeDasharray="4 3" />
        </svg>
      )}
      <p className="text-13 font-semibold">{title}</p>
      {children && <div className="text-12 text-fg-muted">{children}</div>}
      {actions && <div className="mt-2 flex flex-wrap justify-center gap-2">{actions}</div>}
    </div>
  );
}
