import { ChartNoAxesColumn, CircleDollarSign, CircleUser, Code, Funnel, LayoutDashboard, List, ListChecks, Radio, Server, SquareTerminal, Users, type LucideIcon } from 'lucide-react';
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
  /** About the key one is signed in with: the admin token is none. */
  ofKey?: boolean;
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
      { key: 'requests', to: '/logs', icon: List, roles: web },
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
    key: 'me',
    items: [
      { key: 'usage', to: '/me', icon: CircleUser, roles: everyone, ofKey: true },
      { key: 'clients', to: '/docs/setup', icon: SquareTerminal, roles: everyone },
      { key: 'api', to: `${boot.basePath}api/v1/docs`, icon: Code, external: true, roles: web },
    ],
  },
  {
    key: 'help',
    items: [{ key: 'setup', to: '/setup', icon: ListChecks, roles: admin }],
  },
];

/** What a role can open; an item that leads nowhere is never shown. */
export function navFor(role: Role, withKey = true): NavGroup[] {
  return groups
    .map((group) => ({ ...group, items: group.items.filter((item) => item.roles.includes(role) && (withKey || !item.ofKey)) }))
    .filter((group) => group.items.length > 0);
}

/** Where a role begins. */
export function homeOf(role: Role | undefined): '/me' | '/dashboard' {
  return role === 'reader' ? '/me' : '/dashboard';
}

/** Who may open a page, those below an entry included. A page without an entry wants web access. */
export function rolesOf(path: string): Role[] {
  const entry = groups.flatMap((group) => group.items).find(({ to }) => path === to || path.startsWith(`${to}/`));
  return entry?.roles ?? web;
}

/** The entries of the bottom bar of phones, and those behind "More". */
export function phoneNavFor(role: Role, count: number, withKey = true): { main: NavItem[]; more: NavItem[] } {
  const items = navFor(role, withKey).flatMap((group) => group.items);
  const main = items.filter((item) => !item.aside).slice(0, count);
  return { main, more: items.filter((item) => !main.includes(item)) };
}
