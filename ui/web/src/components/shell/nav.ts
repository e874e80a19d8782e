import { ChartNoAxesColumn, CircleDollarSign, Code, Funnel, LayoutDashboard, List, ListChecks, Radio, Server, SquareTerminal, Users, type LucideIcon } from 'lucide-react';
import type { Role } from '@/api/types';
import { boot } from '@/boot';

export interface NavItem {
  key: string;
  to: string;
  icon: LucideIcon;
  /** Served by the binary itself, outside the app. */
  external?: boolean;
  roles: Role[];
  /** Behind "More" on phones, however high it stands. */
  aside?: boolean;
}

export interface NavGroup {
  key: string;
  items: NavItem[];
}

const admin: Role[] = ['admin'];
const web: Role[] = ['admin', 'user'];
const everyone: Role[] = ['admin', 'user', 'reader'];

const groups: NavGroup[] = [
  {
    key: 'observe',
    items: [
      { key: 'overview', to: '/dashboard', icon: LayoutDashboard, roles: web },
      { key: 'sessions', to: '/sessions', icon: Radio, roles: web },
      { key: 'requests', to: '/logs', icon: List, roles: everyone },
      { key: 'leaderboard', to: '/leaderboard', icon: ChartNoAxesColumn, roles: web, aside: true },
    ],
  },
  {
    key: 'manage',
    items: [
      { key: 'providers', to: '/providers', icon: Server, roles: admin },
      { key: 'users', to: '/users', icon: Users, roles: admin },
      { key: 'prices', to: '/prices', icon: CircleDollarSign, roles: admin },
    ],
  },
  {
    key: 'govern',
    items: [{ key: 'filters', to: '/settings/request-filters', icon: Funnel, roles: admin }],
  },
  {
    key: 'help',
    items: [
      { key: 'setup', to: '/setup', icon: ListChecks, roles: admin },
      { key: 'clients', to: '/docs/setup', icon: SquareTerminal, roles: everyone },
      { key: 'api', to: `${boot.basePath}api/v1/docs`, icon: Code, external: true, roles: everyone },
    ],
  },
];

/** What a role can open; an item that leads nowhere is never shown. */
export function navFor(role: Role): NavGroup[] {
  return groups
    .map((group) => ({ ...group, items: group.items.filter((item) => item.roles.includes(role)) }))
    .filter((group) => group.items.length > 0);
}

/** The entries of the bottom bar of phones, and those behind "More". */
export function phoneNavFor(role: Role, count: number): { main: NavItem[]; more: NavItem[] } {
  const items = navFor(role).flatMap((group) => group.items);
  const main = items.filter((item) => !item.aside).slice(0, count);
  return { main, more: items.filter((item) => !main.includes(item)) };
}
