import type { ReactNode } from 'react';
import { cn } from '@/lib/cn';

/**
 * Edge-to-edge tables. First and last cell carry the page padding, so that text
 * lines up with the title above. The caller puts it into a scrolling parent.
 */
export function Table({ children, label, className }: { children: ReactNode; label: string; className?: string }) {
  return (
    <table aria-label={label} className={cn('w-full border-separate border-spacing-0 text-13', className)}>
      {children}
    </table>
  );
}

interface CellProps {
  children?: ReactNode;
  className?: string;
  right?: boolean;
}

export function Th({ children, className, right }: CellProps) {
  return (
    <th
      scope="col"
      className={cn(
        'sticky top-0 z-10 h-[30px] border-y border-line bg-panel px-2 text-11 font-medium whitespace-nowrap text-fg-muted first:pl-4 last:pr-4 lg:first:pl-6 lg:last:pr-6',
        right ? 'text-right' : 'text-left',
        className,
      )}
    >
      {children}
    </th>
  );
}

export function Td({ children, className, right, colSpan }: CellProps & { colSpan?: number }) {
  return (
    <td
      colSpan={colSpan}
      className={cn('border-b border-line px-2 first:pl-4 last:pr-4 lg:first:pl-6 lg:last:pr-6', right && 'text-right', className)}
    >
      {children}
    </td>
  );
}
