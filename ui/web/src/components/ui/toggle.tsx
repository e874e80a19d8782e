import { Check } from 'lucide-react';
import type { ReactNode } from 'react';
import { cn } from '@/lib/cn';

interface SwitchProps {
  checked: boolean;
  onChange: (checked: boolean) => void;
  /** Named by this, unless a visible label is given as children. */
  label: string;
  disabled?: boolean;
  children?: ReactNode;
}

/** 28 by 16 with a 24-px target; on is ink. */
export function Switch({ checked, onChange, label, disabled, children }: SwitchProps) {
  const control = (
    <button
      type="button"
      role="switch"
      aria-checked={checked}
      aria-label={label}
      disabled={disabled}
      onClick={(event) => {
        event.stopPropagation();
        onChange(!checked);
      }}
      className="inline-flex h-6 w-7 shrink-0 items-center rounded-md disabled:opacity-45"
    >
      <span className={cn('flex h-4 w-7 items-center rounded-full px-0.5 transition-colors duration-[120ms]', checked ? 'bg-fg' : 'bg-control-line')}>
        <span className={cn('size-3 rounded-full bg-panel transition-transform duration-[120ms]', checked && 'translate-x-3')} />
      </span>
    </button>
  );
  if (!children) return control;
  return (
    <span className="inline-flex items-center gap-2 text-13">
      {control}
      <span aria-hidden="true">{children}</span>
    </span>
  );
}

interface CheckboxProps {
  checked: boolean;
  onChange: (checked: boolean) => void;
  label: string;
  hideLabel?: boolean;
}

export function Checkbox({ checked, onChange, label, hideLabel }: CheckboxProps) {
  return (
    <label className="inline-flex min-h-6 cursor-pointer items-center gap-2 text-13">
      <span className="relative inline-flex size-4 items-center justify-center">
        <input
          type="checkbox"
          checked={checked}
          aria-label={hideLabel ? label : undefined}
          onChange={(event) => onChange(event.target.checked)}
          className={cn(
            'size-4 cursor-pointer appearance-none rounded-xs border',
            checked ? 'border-accent bg-accent' : 'border-control-line bg-panel',
          )}
        />
        {checked && <Check size={12} strokeWidth={3} className="pointer-events-none absolute text-panel" aria-hidden="true" />}
      </span>
      {!hideLabel && label}
    </label>
  );
}

interface SegmentedProps<T extends string> {
  value: T;
  onChange: (value: T) => void;
  options: { value: T; label: ReactNode }[];
  label: string;
}

/** A few exclusive choices in one outlined track. */
export function Segmented<T extends string>({ value, onChange, options, label }: SegmentedProps<T>) {
  return (
    <div role="group" aria-label={label} className="inline-flex h-[26px] max-w-full shrink-0 overflow-x-auto rounded-md border border-line bg-sunken">
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={value === option.value}
          onClick={() => onChange(option.value)}
          className={cn(
            'rounded-[5px] px-2 text-12 font-medium whitespace-nowrap',
            value === option.value ? 'bg-panel text-fg shadow-[0_0_0_1px_var(--line-strong)]' : 'text-fg-muted hover:text-fg',
          )}
        >
          {option.label}
        </button>
      ))}
    </div>
  );
}
