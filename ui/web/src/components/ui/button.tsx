import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react';
import { cn } from '@/lib/cn';
import { Spinner } from './spinner';

export type ButtonTone = 'primary' | 'secondary' | 'ghost' | 'danger' | 'danger-fill' | 'dashed';
export type ButtonSize = 'sm' | 'md' | 'lg';

const tones: Record<ButtonTone, string> = {
  primary: 'bg-fg text-bg border-fg enabled:hover:opacity-90 enabled:active:opacity-80',
  secondary: 'bg-panel text-fg border-line-strong enabled:hover:bg-hover enabled:active:bg-press',
  ghost: 'bg-transparent text-fg border-transparent enabled:hover:bg-hover enabled:active:bg-press',
  danger: 'bg-panel text-err border-line-strong enabled:hover:bg-err-tint enabled:active:bg-err-tint',
  'danger-fill': 'bg-err text-panel border-err enabled:hover:opacity-90',
  dashed: 'bg-transparent text-fg-2 border-dashed border-line-strong enabled:hover:bg-hover enabled:active:bg-press',
};

const sizes: Record<ButtonSize, string> = {
  sm: 'h-[26px] text-12 gap-1.5',
  md: 'h-[30px] text-13 gap-1.5',
  lg: 'h-9 text-14 gap-2',
};

const padded: Record<ButtonSize, string> = { sm: 'px-2', md: 'px-2.5', lg: 'px-4' };
const square: Record<ButtonSize, string> = { sm: 'w-[26px]', md: 'w-[30px]', lg: 'w-9' };

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  tone?: ButtonTone;
  size?: ButtonSize;
  /** Work is running: the label stays, so the width does. */
  busy?: boolean;
  /** Only an icon; aria-label is then required. */
  iconOnly?: boolean;
  ref?: Ref<HTMLButtonElement>;
  children?: ReactNode;
}

export function Button({ tone = 'secondary', size = 'md', busy, iconOnly, className, disabled, children, type, ...rest }: ButtonProps) {
  return (
    <button
      type={type ?? 'button'}
      disabled={disabled ?? busy}
      aria-busy={busy ?? undefined}
      className={cn(buttonClass(tone, size, iconOnly), className)}
      {...rest}
    >
      {busy && <Spinner />}
      {children}
    </button>
  );
}

/** The same look for links. */
export function buttonClass(tone: ButtonTone = 'secondary', size: ButtonSize = 'md', iconOnly = false): string {
  return cn(
    'inline-flex shrink-0 items-center justify-center rounded-md border font-medium whitespace-nowrap select-none transition-colors duration-[120ms] disabled:opacity-45 disabled:cursor-not-allowed',
    tones[tone],
    sizes[size],
    iconOnly ? square[size] : padded[size],
  );
}
