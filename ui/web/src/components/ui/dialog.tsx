import { X } from 'lucide-react';
import { Dialog as Radix } from 'radix-ui';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { cn } from '@/lib/cn';
import { Button } from './button';

interface DialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  description?: ReactNode;
  children?: ReactNode;
  footer?: ReactNode;
  wide?: boolean;
}

/** A centred dialog; on phones it takes the full height. */
export function Dialog({ open, onOpenChange, title, description, children, footer, wide }: DialogProps) {
  const { t } = useTranslation();
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="appear fixed inset-0 z-50 bg-scrim" />
        <Radix.Content
          className={cn(
            'appear fixed z-50 flex flex-col bg-raised shadow-pop focus:outline-none',
            'inset-0 md:inset-auto md:top-1/2 md:left-1/2 md:max-h-[90vh] md:-translate-x-1/2 md:-translate-y-1/2 md:rounded-lg',
            wide ? 'md:w-[720px]' : 'md:w-[440px]',
          )}
          {...(description ? {} : { 'aria-describedby': undefined })}
        >
          <header className="flex items-start gap-3 px-5 pt-4">
            <div className="min-w-0 flex-1">
              <Radix.Title className="text-16 font-semibold">{title}</Radix.Title>
              {description && <Radix.Description className="mt-1 text-13 text-fg-muted">{description}</Radix.Description>}
            </div>
            <Radix.Close asChild>
              <Button tone="ghost" size="sm" iconOnly aria-label={t('common.close')}>
                <X size={16} />
              </Button>
            </Radix.Close>
          </header>
          <div className="min-h-0 flex-1 overflow-y-auto px-5 py-4">{children}</div>
          {footer && <footer className="flex flex-wrap justify-end gap-2 px-5 pb-4">{footer}</footer>}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

interface ConfirmProps {
  title: string;
  description: ReactNode;
  confirmLabel: string;
  /** The name to type, where much is lost. */
  typeName?: string;
  busy?: boolean;
  onConfirm: () => void;
  onClose: () => void;
}

/** Asks before something that cannot be undone. */
export function Confirm({ title, description, confirmLabel, typeName, busy, onConfirm, onClose }: ConfirmProps) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState('');
  const ready = typeName === undefined || typed.trim() === typeName;
  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      title={title}
      description={description}
      footer={
        <>
          <Button onClick={onClose}>{t('common.keep')}</Button>
          <Button tone="danger-fill" disabled={!ready} busy={busy} onClick={onConfirm}>
            {confirmLabel}
          </Button>
        </>
      }
    >
      {typeName !== undefined && (
        <label className="block text-13">
          {t('common.typeName')} <b className="font-semibold">{typeName}</b>
          <input
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
            className="field-box mt-1.5 h-8 w-full rounded-md border border-control-line bg-panel px-2.5"
          />
        </label>
      )}
    </Dialog>
  );
}

interface SheetProps {
  title: ReactNode;
  /** Plain text name of the sheet, for assistive technology. */
  label: string;
  header?: ReactNode;
  rail?: ReactNode;
  children: ReactNode;
  footer: ReactNode;
  /** Called for Esc, the scrim and the cross. */
  onClose: () => void;
  width?: number;
}

/** A full-height form at the right edge, over a scrim. */
export function Sheet({ title, label, header, rail, children, footer, onClose, width = 900 }: SheetProps) {
  const { t } = useTranslation();
  return (
    <Radix.Root
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
    >
      <Radix.Portal>
        <Radix.Overlay className="appear fixed inset-0 z-40 bg-scrim" />
        <Radix.Content
          aria-describedby={undefined}
          className="slide-in fixed inset-y-0 right-0 z-40 flex w-full flex-col bg-panel shadow-drawer focus:outline-none"
          style={{ maxWidth: width }}
        >
          <Radix.Title className="sr-only">{label}</Radix.Title>
          <header className="flex min-h-[60px] items-center gap-3 border-b border-line px-5 py-2.5">
            <div className="min-w-0 flex-1">{title}</div>
            {header}
            <Radix.Close asChild>
              <Button tone="ghost" size="sm" iconOnly aria-label={t('common.close')}>
                <X size={16} />
              </Button>
            </Radix.Close>
          </header>
          <div className="flex min-h-0 flex-1">
            {rail && <nav className="hidden w-44 shrink-0 overflow-y-auto border-r border-line bg-bg p-2.5 md:block">{rail}</nav>}
            <div className="min-w-0 flex-1 overflow-y-auto px-5 py-4 md:px-7" data-sheet-body>
              {children}
            </div>
          </div>
          <footer className="flex flex-wrap items-center gap-2 border-t border-line px-5 py-2.5">{footer}</footer>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
