import { Tooltip as Radix } from 'radix-ui';
import type { ReactNode } from 'react';

/** A hint on hover and focus. The trigger must be focusable itself. */
export function Tooltip({ content, children }: { content: ReactNode; children: ReactNode }) {
  return (
    <Radix.Provider delayDuration={300}>
      <Radix.Root>
        <Radix.Trigger asChild>{children}</Radix.Trigger>
        <Radix.Portal>
          <Radix.Content sideOffset={6} collisionPadding={8} className="appear z-50 max-w-72 rounded-md bg-raised px-2.5 py-1.5 text-12 text-fg shadow-pop">
            {content}
          </Radix.Content>
        </Radix.Portal>
      </Radix.Root>
    </Radix.Provider>
  );
}
