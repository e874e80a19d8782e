import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { ChevronsUpDown, Languages, LogOut, Monitor, Moon, Sun } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { logout } from '@/api/mutations';
import { languages, setLanguage, type Language } from '@/i18n';
import { initials } from '@/lib/format';
import { useMe } from '@/lib/session';
import { setTheme, useTheme, type Theme } from '@/lib/theme';
import { Button } from '@/components/ui/button';
import { Menu, type MenuItem } from '@/components/ui/menu';
import { showToast } from '@/components/ui/toast';

const themeIcons = { system: Monitor, light: Sun, dark: Moon };

export function useThemeItems(): MenuItem[] {
  const { t } = useTranslation();
  const theme = useTheme();
  return (['system', 'light', 'dark'] as Theme[]).map((name) => {
    const Icon = themeIcons[name];
    return { label: t(`theme.${name}`), icon: <Icon size={15} />, checked: theme === name, onSelect: () => setTheme(name) };
  });
}

export function ThemeMenu() {
  const { t } = useTranslation();
  const Icon = themeIcons[useTheme()];
  return (
    <Menu
      groups={[useThemeItems()]}
      trigger={
        <Button tone="ghost" iconOnly aria-label={t('theme.label')}>
          <Icon size={16} strokeWidth={1.75} />
        </Button>
      }
    />
  );
}

function useLanguageItems(): MenuItem[] {
  const { i18n } = useTranslation();
  return (Object.keys(languages) as Language[]).map((name) => ({
    label: languages[name],
    checked: i18n.language === name,
    onSelect: () => void setLanguage(name),
  }));
}

export function LanguageMenu() {
  const { t, i18n } = useTranslation();
  return (
    <Menu
      groups={[useLanguageItems()]}
      trigger={
        <Button tone="ghost" aria-label={t('language.label', { name: languages[i18n.language as Language] })}>
          <Languages size={15} strokeWidth={1.75} aria-hidden="true" />
          {languages[i18n.language as Language]}
        </Button>
      }
    />
  );
}

function useSignOut(): () => void {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  return () => {
    logout()
      .then(() => {
        queryClient.clear();
        return navigate({ to: '/login' });
      })
      .catch(() => showToast({ tone: 'open', title: t('account.signOutFailed') }));
  };
}

/** Who is signed in, the language, and the way out. */
export function AccountMenu({ compact }: { compact?: boolean }) {
  const { t } = useTranslation();
  const me = useMe();
  const signOut = useSignOut();
  const languageItems = useLanguageItems();
  const name = me?.user.name ?? '';
  return (
    <div className={compact ? '' : 'border-t border-line p-2.5'}>
      <Menu
        align={compact ? 'end' : 'start'}
        groups={[languageItems, [{ label: t('account.signOut'), icon: <LogOut size={15} />, onSelect: signOut }]]}
        trigger={
          <button type="button" className="flex h-9 w-full min-w-0 items-center gap-2.5 rounded-md px-2 text-13 hover:bg-hover max-xl:justify-center max-xl:px-0">
            <span className="inline-flex size-6 shrink-0 items-center justify-center rounded-full bg-press text-[9px] font-semibold text-fg-2" aria-hidden="true">
              {initials(name)}
            </span>
            <span className="sr-only">{t('account.label')} </span>
            <span className={compact ? 'sr-only' : 'flex min-w-0 flex-1 items-baseline gap-1 max-xl:sr-only'}>
              <span className="truncate font-medium">{name}</span> <span className="text-fg-muted">{me ? t(`roles.${me.role}`) : ''}</span>
            </span>
            {!compact && <ChevronsUpDown size={14} className="shrink-0 text-fg-muted max-xl:hidden" aria-hidden="true" />}
          </button>
        }
      />
    </div>
  );
}
