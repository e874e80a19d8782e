import { useBlocker } from '@tanstack/react-router';
import { useEffect, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { cn } from '@/lib/cn';
import { Button } from './button';
import { Dialog, Sheet } from './dialog';
import { Badge } from './state';

export interface FormSection {
  key: string;
  title: string;
  /** How many values differ from the stored ones. */
  changed: number;
  state: 'default' | 'changed' | 'warning' | 'error';
  content: ReactNode;
}

interface FormSheetProps {
  title: ReactNode;
  label: string;
  header?: ReactNode;
  sections: FormSection[];
  /** What is unsaved, in words. */
  changes: string[];
  saveLabel: string;
  busy: boolean;
  onSave: () => void;
  onClose: () => void;
  extra?: ReactNode;
  notice?: ReactNode;
  width?: number;
}

const dot = { default: 'border border-fg-muted', changed: 'bg-accent', warning: 'bg-warn-fill', error: 'bg-err' };

/** A form at the right edge: sections, what is unsaved in words, and a guard against losing it. */
export function FormSheet({ title, label, header, sections, changes, saveLabel, busy, onSave, onClose, extra, notice, width }: FormSheetProps) {
  const { t } = useTranslation();
  const dirty = changes.length > 0;
  const [asking, setAsking] = useState(false);
  const blocker = useBlocker({ shouldBlockFn: ({ current, next }) => dirty && !busy && current.pathname !== next.pathname, enableBeforeUnload: dirty, withResolver: true });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === 's') {
        event.preventDefault();
        if (!busy) onSave();
      }
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [busy, onSave]);
  const leave = () => {
    if (blocker.status === 'blocked') blocker.proceed();
    else onClose();
  };
  const stay = () => {
    if (blocker.status === 'blocked') blocker.reset();
    setAsking(false);
  };
  return (
    <Sheet
      title={title}
      label={label}
      header={header}
      width={width}
      onClose={() => (dirty ? setAsking(true) : onClose())}
      rail={sections.length > 1 && <Rail sections={sections} />}
      footer={
        <>
          {dirty && <Badge tone="accent">{t('forms.unsaved', { count: changes.length })}</Badge>}
          <span className="min-w-0 flex-1 truncate text-12 text-fg-muted">{changes.join(', ')}</span>
          <Button onClick={() => (dirty ? setAsking(true) : onClose())}>{dirty ? t('forms.discard') : t('common.close')}</Button>
          {extra}
          <Button tone="primary" busy={busy} disabled={busy} onClick={onSave}>
            {saveLabel}
          </Button>
        </>
      }
    >
      {notice}
      {sections.map((section, i) => (
        <section key={section.key} id={`section-${section.key}`} aria-label={section.title} className={cn('scroll-mt-4 pb-5', i > 0 && 'border-t border-line pt-4')}>
          {sections.length > 1 && <h3 className="mb-3 text-14 font-semibold">{section.title}</h3>}
          {section.content}
        </section>
      ))}
      {(asking || blocker.status === 'blocked') && (
        <Dialog
          open
          onOpenChange={stay}
          title={t('forms.leaveTitle')}
          description={changes.join(', ')}
          footer={
            <>
              <Button onClick={stay}>{t('forms.stay')}</Button>
              <Button tone="danger" onClick={leave}>
                {t('forms.discard')}
              </Button>
              <Button
                tone="primary"
                onClick={() => {
                  stay();
                  onSave();
                }}
              >
                {saveLabel}
              </Button>
            </>
          }
        />
      )}
    </Sheet>
  );
}

function Rail({ sections }: { sections: FormSection[] }) {
  return (
    <ul className="flex flex-col gap-0.5">
      {sections.map((section) => (
        <li key={section.key}>
          <button
            type="button"
            onClick={() => document.getElementById(`section-${section.key}`)?.scrollIntoView({ block: 'start' })}
            className="flex h-[30px] w-full items-center gap-2.5 rounded-md px-2.5 text-13 hover:bg-hover"
          >
            <span className={cn('size-[7px] shrink-0 rounded-full', dot[section.state])} aria-hidden="true" />
            <span className="flex-1 truncate text-left">{section.title}</span>
            {section.changed > 0 && <span className="text-11 text-fg-muted">{section.changed}</span>}
          </button>
        </li>
      ))}
    </ul>
  );
}
