import { useTranslation } from 'react-i18next';
import { useFormat } from '@/i18n/use-format';
import type { Period } from './search';

/** Names a period by its bounds, in the zone in which it was cut. */
export function usePeriodText(period: Period, zone?: string): (from: string, to: string) => string {
  const { t } = useTranslation();
  const format = useFormat(zone);
  return (from, to) => {
    const last = new Date(Date.parse(to) - 1).toISOString();
    switch (period) {
      case 'daily':
        return format.time(from, 'weekday');
      case 'monthly':
        return format.time(from, 'month');
      case 'allTime':
        return t('leaderboard.periods.allTime');
      default:
        return `${format.time(from, 'day')} – ${format.time(last, 'day')}`;
    }
  };
}
