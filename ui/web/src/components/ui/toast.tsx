import { X } from 'lucide-react';
import { useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from './button';
import { StateShape, type Tone } from './state';

export interface ToastInput {
  tone: Extract<Tone, 'ok' | 'open' | 'limited'>;
  title: string;
  detail?: string;
  action?: { label: string; run: () => void };
}

interface Toast extends ToastInput {
  id: number;
}

const MAX = 3;
let toasts: Toast[] = [];
let lastId = 0;
const listeners = new Set<() => void>();

function publish(next: Toast[]): void {
  toasts = next;
  listeners.forEach((notify) => notify());
}

export function dismissToast(id: number): void {
  publish(toasts.filter((toast) => toast.id !== id));
}

/** Shows a message: success for 5 s, with an action 10 s, an error until it is closed. */
export function showToast(input: ToastInput): void {
  const toast = { ...input, id: ++lastId };
  publish([...toasts, toast].slice(-MAX));
  if (input.tone !== 'open') setTimeout(() => dismissToast(toast.id), input.action ? 10_000 : 5_000);
}

export function Toaster() {
  const { t } = useTranslation();
  const shown = useSyncExternalStore(
    (notify) => {
      listeners.add(notify);
      return () => listeners.delete(notify);
    },
    () => toasts,
  );
  return (
    <div className="pointer-events-none fixed inset-x-4 bottom-20 z-60 flex flex-col items-end gap-2 md:bottom-4">
      {shown.map((toast) => (
        <div
          key={toast.id}
          role={toast.tone === 'open' ? 'alert' : 'status'}
          className="appear pointer-events-auto flex w-[344px] max-w-full items-center gap-3 rounded-lg bg-raised px-3.5 py-2.5 shadow-pop"
        >
          <StateShape tone={toast.tone} />
          <div className="min-w-0 flex-1">
            <p className="text-13 font-medium break-words">{toast.title}</p>
            {toast.detail && <p className="text-12 break-words text-fg-muted">{toast.detail}</p>}
          </div>
          {toast.action && (
            <Button
              size="sm"
              onClick={() => {
                toast.action?.run();
                dismissToast(toast.id);
              }}
            >
              {toast.action.label}
            </Button>
          )}
          <Button tone="ghost" size="sm" iconOnly aria-label={t('common.close')} onClick={() => dismissToast(toast.id)}>
            <X size={14} />
          </Button>
        </div>
      ))}
    </div>
  );
}
