import type { ReactNode } from 'react';
import { cn } from '@/lib/cn';

/** The state language: a shape, then a colour, then a word. */
export type Tone = 'ok' | 'half' | 'open' | 'limited' | 'live' | 'off';

const colour: Record<Tone, string> = {
  ok: 'text-ok',
  half: 'text-warn',
  open: 'text-err',
  limited: 'text-warn',
  live: 'text-info',
  off: 'text-fg-muted',
};

const shapes: Record<Tone, ReactNode> = {
  ok: <circle cx="5" cy="5" r="4" fill="currentColor" />,
  half: (
    <>
      <circle cx="5" cy="5" r="3.4" fill="none" stroke="currentColor" strokeWidth="1.2" />
      <path d="M5 1.6a3.4 3.4 0 0 0 0 6.8z" fill="currentColor" />
    </>
  ),
  open: <rect x="1.5" y="1.5" width="7" height="7" rx="1" fill="currentColor" />,
  limited: <path d="M5 1.2 9.3 8.6H.7z" fill="currentColor" />,
  live: <circle cx="5" cy="5" r="3.6" fill="none" stroke="currentColor" strokeWidth="2" strokeDasharray="1.9 1.87" />,
  off: <circle cx="5" cy="5" r="3.4" fill="none" stroke="currentColor" strokeWidth="1.3" />,
};

export function StateShape({ tone, size = 10, className }: { tone: Tone; size?: number; className?: string }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 10 10"
      aria-hidden="true"
      className={cn('shrink-0', colour[tone], tone === 'live' && 'pulse', className)}
    >
      {shapes[tone]}
    </svg>
  );
}

interface StateProps {
  tone: Tone;
  children: ReactNode;
  /** A quiet state keeps grey text: success is not news. */
  quiet?: boolean;
  className?: string;
}

export function State({ tone, children, quiet, className }: StateProps) {
  const loud = tone === 'open' || tone === 'half' || tone === 'limited' || tone === 'live';
  return (
    <span className={cn('inline-flex items-center gap-1.5 whitespace-nowrap', quiet || !loud ? 'text-fg-muted' : cn(colour[tone], 'font-medium'), className)}>
      <StateShape tone={tone} />
      {children}
    </span>
  );
}

export type BadgeTone = Tone | 'kind' | 'outline' | 'accent';

const badge: Record<BadgeTone, string> = {
  ok: 'bg-ok-tint text-ok-on-tint',
  half: 'bg-warn-tint text-warn-on-tint',
  limited: 'bg-warn-tint text-warn-on-tint',
  open: 'bg-err-tint text-err-on-tint',
  live: 'bg-info-tint text-info-on-tint',
  off: 'bg-press text-fg-2',
  kind: 'bg-press text-fg-2',
  outline: 'border border-line-strong text-fg-2',
  accent: 'bg-accent-tint text-accent-on-tint',
};

interface BadgeProps {
  tone?: BadgeTone;
  children: ReactNode;
  /** 16 instead of 20 high, for table rows. */
  small?: boolean;
  className?: string;
  title?: string;
}

export function Badge({ tone = 'kind', children, small, className, title }: BadgeProps) {
  const shaped = tone === 'ok' || tone === 'half' || tone === 'limited' || tone === 'open';
  return (
    <span
      title={title}
      className={cn(
        'inline-flex max-w-full items-center gap-1 rounded-sm font-medium whitespace-nowrap',
        small ? 'h-4 px-1 text-11' : 'h-5 px-1.5 text-12',
        badge[tone],
        className,
      )}
    >
      {shaped && <StateShape tone={tone} size={8} className="text-current!" />}
      <span className="truncate">{children}</span>
    </span>
  );
}

/** How an HTTP status reads: the shape and whether it is worth a colour. */
export function statusTone(status: number | null | undefined, blocked?: boolean): Tone {
  if (status == null) return 'live';
  if (status === 499) return 'off';
  if (blocked || (status >= 400 && status < 500)) return 'limited';
  return status >= 500 ? 'open' : 'ok';
}
