import { DropdownMenu } from 'radix-ui';
import type { ReactNode } from 'react';
import { cn } from '@/lib/cn';

export interface MenuItem {
  label: string;
  icon?: ReactNode;
  onSelect: () => void;
  danger?: boolean;
  disabled?: boolean;
  checked?: boolean;
}

/** Items grouped by hairlines. */
export function Menu({ trigger, groups, align = 'end' }: { trigger: ReactNode; groups: MenuItem[][]; align?: 'start' | 'end' }) {
  const filled = groups.filter((group) => group.length > 0);
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align={align}
          sideOffset={4}
          collisionPadding={8}
          className="appear z-50 max-h-[70vh] min-w-44 overflow-y-auto rounded-lg bg-raised p-1 shadow-pop focus:outline-none"
        >
          {filled.map((group, i) => (
            <DropdownMenu.Group key={i}>
              {i > 0 && <DropdownMenu.Separator className="mx-1 my-1 h-px bg-line" />}
              {group.map((item) => (
                <DropdownMenu.Item
                  key={item.label}
                  disabled={item.disabled}
                  onSelect={item.onSelect}
                  className={cn(
                    'flex h-[30px] cursor-pointer items-center gap-2.5 rounded-sm px-2 text-13 outline-none data-[disabled]:opacity-45 data-[highlighted]:bg-hover',
                    item.danger ? 'text-err' : 'text-fg',
                    item.checked && 'font-medium',
                  )}
                >
                  {item.icon && <span className="text-fg-muted [.text-err_&]:text-err">{item.icon}</span>}
                  <span className="flex-1">{item.label}</span>
                  {item.checked && <span aria-hidden="true">✓</span>}
                </DropdownMenu.Item>
              ))}
            </DropdownMenu.Group>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
