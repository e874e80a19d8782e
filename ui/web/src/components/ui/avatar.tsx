import { initials } from '@/lib/format';

/** Two letters of a name beside which it stands. */
export function Avatar({ name }: { name: string }) {
  return (
    <span className="inline-flex size-[22px] shrink-0 items-center justify-center rounded-full bg-press text-[9px] font-semibold text-fg-2" aria-hidden="true">
      {initials(name)}
    </span>
  );
}
