import { Link, useNavigate } from '@tanstack/react-router';
import { Menu as MenuIcon } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Menu } from '@/components/ui/menu';
import { useMe } from '@/lib/session';
import { phoneNavFor } from './nav';

const MAIN = 4;
const entry = 'flex h-full flex-1 flex-col items-center justify-center gap-1 text-11 text-fg-muted [&.active]:text-accent';

/** The bottom bar under 768 px: four entries, the rest behind "More". */
export function PhoneBar() {
  const { t } = useTranslation();
  const me = useMe();
  const navigate = useNavigate();
  const items = phoneNavFor(me?.role ?? 'reader', MAIN, !!me?.key);
  const more = items.more.map((item) => {
    const Icon = item.icon;
    return {
      label: t(`nav.${item.key}`),
      icon: <Icon size={16} />,
      onSelect: () => {
        if (item.external) window.location.assign(item.to);
        else void navigate({ to: item.to });
      },
    };
  });
  return (
    <nav aria-label={t('nav.label')} className="flex h-16 shrink-0 border-t border-line bg-bg md:hidden">
      {items.main.map((item) => {
        const Icon = item.icon;
        return (
          <Link key={item.key} to={item.to} className={entry} activeProps={{ className: 'active' }}>
            <Icon size={20} strokeWidth={1.75} aria-hidden="true" />
            {t(`nav.${item.key}`)}
          </Link>
        );
      })}
      {more.length > 0 && (
        <Menu
          groups={[more]}
          trigger={
            <button type="button" className={entry}>
              <MenuIcon size={20} strokeWidth={1.75} aria-hidden="true" />
              {t('nav.more')}
            </button>
          }
        />
      )}
    </nav>
  );
}
