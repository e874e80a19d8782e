import { Check, Copy } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { cn } from '@/lib/cn';
import { Button } from './button';
import { Dialog } from './dialog';

/** Writes to the clipboard; false where the browser forbids it, as on plain HTTP. */
async function toClipboard(value: string): Promise<boolean> {
  try {
    // Absent outside secure contexts, whatever the type says.
    const clipboard = (navigator as Partial<Navigator>).clipboard;
    if (!clipboard) return false;
    await clipboard.writeText(value);
    return true;
  } catch {
    return false;
  }
}

function useCopy(value: string) {
  const [copied, setCopied] = useState(false);
  const [manual, setManual] = useState(false);
  const copy = () => {
    void toClipboard(value).then((ok) => {
      setManual(!ok);
      setCopied(ok);
      if (ok) setTimeout(() => setCopied(false), 1500);
    });
  };
  return { copied, copy, manual, closeManual: () => setManual(false) };
}

/** A read-only selected field, for pages served over plain HTTP. */
function ManualCopy({ value, onClose }: { value: string; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Dialog open onOpenChange={onClose} title={t('common.copyManuallyTitle')} description={t('common.copyManually')}>
      <textarea
        readOnly
        rows={Math.min(10, value.split('\n').length + 1)}
        value={value}
        aria-label={t('common.copyManuallyTitle')}
        ref={(field) => field?.select()}
        className="field-box w-full rounded-md border border-control-line bg-panel p-2.5 font-code text-12"
      />
    </Dialog>
  );
}

export function CopyButton({ value, label, className }: { value: string; label: string; className?: string }) {
  const { t } = useTranslation();
  const { copied, copy, manual, closeManual } = useCopy(value);
  return (
    <>
      <button
        type="button"
        aria-label={copied ? t('common.copied') : label}
        title={label}
        onClick={(event) => {
          event.stopPropagation();
          copy();
        }}
        className={cn('inline-flex size-6 shrink-0 items-center justify-center rounded-sm text-fg-muted hover:bg-hover hover:text-fg', className)}
      >
        {copied ? <Check size={13} className="text-ok" /> : <Copy size={13} />}
      </button>
      {manual && <ManualCopy value={value} onClose={closeManual} />}
    </>
  );
}

/** A block of text to take away: a key, a snippet. */
export function CopyBlock({ value, label, lines }: { value: string; label: string; lines?: boolean }) {
  const { t } = useTranslation();
  const { copied, copy, manual, closeManual } = useCopy(value);
  return (
    <div className={cn('flex gap-2 rounded-md border border-line bg-sunken', lines ? 'items-start p-3' : 'items-center py-1 pr-1 pl-3')}>
      <pre tabIndex={0} aria-label={label} className="min-w-0 flex-1 overflow-x-auto font-code text-12 leading-[19px]">
        {value}
      </pre>
      <Button size="sm" onClick={copy} aria-label={`${t('common.copy')}: ${label}`}>
        {copied ? <Check size={13} className="text-ok" aria-hidden="true" /> : <Copy size={13} aria-hidden="true" />}
        {copied ? t('common.copied') : t('common.copy')}
      </Button>
      {manual && <ManualCopy value={value} onClose={closeManual} />}
    </div>
  );
}
