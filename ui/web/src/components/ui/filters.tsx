import { Plus, Search, X } from 'lucide-react';
import { useEffect, useRef, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { cn } from '@/lib/cn';
import { useDebounced } from '@/lib/debounce';
import { Menu, type MenuItem } from './menu';

/** The search of a list: reports after 250 ms or on Enter; "/" focuses it. */
export function SearchBox({ value, onValue, label, narrow }: { value: string; onValue: (value: string) => void; label: string; narrow?: boolean }) {
  const { draft, setDraft, flush } = useDebounced(value, onValue);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (event.key !== '/' || event.ctrlKey || event.metaKey || target.closest('input,textarea,select,[role="dialog"]')) return;
      event.preventDefault();
      input.current?.focus();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
  return (
    <span className={cn('field-box flex h-[26px] w-full min-w-36 items-center gap-2 rounded-md border border-line-strong bg-panel px-2.5', narrow ? 'sm:w-36' : 'sm:w-60')}>
      <Search size={14} className="shrink-0 text-fg-muted" aria-hidden="true" />
      <input
        ref={input}
        type="search"
        value={draft}
        aria-label={label}
        placeholder={label}
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') flush();
          if (event.key === 'Escape') event.currentTarget.blur();
        }}
        className="h-full w-full min-w-0 bg-transparent text-13 outline-none [&::-webkit-search-cancel-button]:hidden"
      />
      <kbd className="hidden rounded-sm border border-line-strong px-1 text-11 text-fg-muted sm:inline" aria-hidden="true">
        /
      </kbd>
    </span>
  );
}

interface FilterChipProps {
  label: string;
  /** The readable value, if the filter is set. */
  value?: string;
  onClear: () => void;
  options: MenuItem[];
}

/** Unset: a dashed outline. Set: solid, with its value and a cross. */
export function FilterChip({ label, value, onClear, options }: FilterChipProps) {
  const { t } = useTranslation();
  if (value === undefined) {
    return (
      <Menu
        align="start"
        groups={[options]}
        trigger={
          <button type="button" className="inline-flex h-[26px] items-center gap-1.5 rounded-md border border-dashed border-line-strong px-2 text-12 font-medium text-fg-2 hover:bg-hover">
            <Plus size={13} className="text-fg-muted" aria-hidden="true" />
            {label}
          </button>
        }
      />
    );
  }
  return (
    <span className="inline-flex h-[26px] max-w-64 items-center rounded-md border border-line-strong bg-panel text-12">
      <Menu
        align="start"
        groups={[options]}
        trigger={
          <button type="button" className="inline-flex h-full min-w-0 items-center gap-1.5 rounded-md pl-2">
            <span className="text-fg-muted">{label}</span>
            <span className="truncate font-medium">{value}</span>
          </button>
        }
      />
      <button type="button" aria-label={t('common.clearFilter', { name: label })} onClick={onClear} className="inline-flex h-full w-6 shrink-0 items-center justify-center rounded-md text-fg-muted hover:text-fg">
        <X size={13} />
      </button>
    </span>
  );
}

/** A filter with one sensible value: on or off. */
export function QuickChip({ on, onChange, children }: { on: boolean; onChange: (on: boolean) => void; children: ReactNode }) {
  return (
    <button
      type="button"
      aria-pressed={on}
      onClick={() => onChange(!on)}
      className={cn(
        'inline-flex h-[26px] items-center rounded-md border px-2 text-12 font-medium whitespace-nowrap',
        on ? 'border-transparent bg-accent-tint text-accent-on-tint' : 'border-dashed border-line-strong text-fg-2 hover:bg-hover',
      )}
    >
      {children}
    </button>
  );
}
