import type { ReactNode } from 'react';
import { cn } from '@/lib/cn';

/** A scrolling page with 24 px padding, for panels. */
export function PanelPage({ children, className }: { children: ReactNode; className?: string }) {
  return (
    <div className="h-full overflow-y-auto">
      <div className={cn('mx-auto w-full max-w-[1680px] p-4 lg:p-6', className)}>{children}</div>
    </div>
  );
}

/** Title row of a page: name, a quiet fact, actions. */
export function PageTitle({ title, facts, actions }: { title: string; facts?: ReactNode; actions?: ReactNode }) {
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-2 px-4 pt-[18px] pb-3 lg:px-6">
      <h1 className="text-20 font-semibold tracking-[-0.011em]">{title}</h1>
      {facts && <div className="flex min-w-0 flex-wrap items-center gap-x-4 gap-y-1 text-12 text-fg-muted">{facts}</div>}
      {actions && <div className="ml-auto flex flex-wrap gap-2">{actions}</div>}
    </div>
  );
}

export function FilterRow({ children }: { children: ReactNode }) {
  return <div className="flex min-h-7 flex-wrap items-center gap-2 px-4 pb-3 lg:px-6">{children}</div>;
}

export function Panel({ children, className, label }: { children: ReactNode; className?: string; label?: string }) {
  return (
    <section aria-label={label} className={cn('rounded-lg border border-line bg-panel', className)}>
      {children}
    </section>
  );
}

export function PanelTitle({ title, facts, actions }: { title: string; facts?: ReactNode; actions?: ReactNode }) {
  return (
    <div className="flex min-h-11 flex-wrap items-center gap-x-2 gap-y-1 px-4 py-2">
      <h2 className="text-14 font-semibold">{title}</h2>
      {facts && <span className="min-w-0 text-12 text-fg-muted">{facts}</span>}
      {actions && <span className="ml-auto flex items-center gap-2 text-12">{actions}</span>}
    </div>
  );
}
