import type { ReactNode } from 'react';
import { cn } from '@/lib/cn';

export type MarkKind = 'claude' | 'openai' | 'gemini' | 'other';

/** Own marks for wire protocols; nobody's logo. */
export function markOf(type: string | null | undefined): MarkKind {
  if (type === 'claude' || type === 'claude-auth') return 'claude';
  if (type === 'codex' || type === 'responses') return 'openai';
  if (type === 'gemini' || type === 'gemini-cli') return 'gemini';
  return 'other';
}

const colour: Record<MarkKind, string> = {
  claude: 'text-type-claude',
  openai: 'text-type-openai',
  gemini: 'text-type-gemini',
  other: 'text-type-other',
};

const rays = Array.from({ length: 12 }, (_, i) => {
  const angle = (i * Math.PI) / 6;
  const at = (radius: number) => `${(8 + radius * Math.cos(angle)).toFixed(2)} ${(8 + radius * Math.sin(angle)).toFixed(2)}`;
  return `M${at(1.8)}L${at(6.6)}`;
}).join('');

const drawings: Record<MarkKind, ReactNode> = {
  claude: <path d={rays} />,
  openai: <path d="M8 1.6 13.5 4.8v6.4L8 14.4 2.5 11.2V4.8zM5.6 6.4 7.3 8l-1.7 1.6M8.6 9.8h2" strokeLinejoin="round" />,
  gemini: <path d="M8 1.2c.5 4 2.8 6.3 6.8 6.8-4 .5-6.3 2.8-6.8 6.8-.5-4-2.8-6.3-6.8-6.8 4-.5 6.3-2.8 6.8-6.8z" fill="currentColor" stroke="none" />,
  other: (
    <>
      <rect x="2" y="2" width="12" height="12" rx="3" />
      <circle cx="8" cy="8" r="1.4" fill="currentColor" />
    </>
  ),
};

export function Mark({ type, size = 16, className }: { type: string | null | undefined; size?: number; className?: string }) {
  const kind = markOf(type);
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      aria-hidden="true"
      className={cn('shrink-0', colour[kind], className)}
    >
      {drawings[kind]}
    </svg>
  );
}

/** The product's own sign. */
export function Logo({ size = 20 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" className="shrink-0">
      <rect width="32" height="32" rx="7" className="fill-fg" />
      <path d="M7 16h15M13 16c3 0 3-6 8-6M13 16c3 0 3 6 8 6" fill="none" className="stroke-bg" strokeWidth="2.4" strokeLinecap="round" />
      <g className="fill-bg">
        <circle cx="23" cy="10" r="2.6" />
        <circle cx="23" cy="16" r="2.6" />
        <circle cx="23" cy="22" r="2.6" />
      </g>
    </svg>
  );
}
