import { useTranslation } from 'react-i18next';
import { boot } from '@/boot';
import * as format from '@/lib/format';
import { age, formatTime, rowTime, shortDate, type TimeStyle } from '@/lib/time';

/** Formatters bound to the language and to a time zone, the installation's where none is given. */
export function useFormat(zone: string | undefined = boot.timezone) {
  const { i18n } = useTranslation();
  // British order and 24 hours: "19 Nov 14:30" is read the same everywhere.
  const locale = i18n.language === 'en' ? 'en-GB' : i18n.language;
  return {
    tokens: (value: number | null | undefined) => format.tokens(value, locale),
    usd: (value: number | null | undefined) => format.usd(value, locale),
    usdUsed: (value: number) => format.usdUsed(value, locale),
    usdLimit: (value: number) => format.usdLimit(value, locale),
    latency: (value: number | null | undefined) => format.latency(value, locale),
    percent: (part: number, whole: number) => format.percent(part, whole, locale),
    count: (value: number) => new Intl.NumberFormat(locale).format(value),
    time: (iso: string, style: TimeStyle = 'dateTime') => formatTime(iso, style, locale, zone),
    shortDate: (iso: string, now: number) => shortDate(iso, now, locale, zone),
    rowTime: (iso: string, now: number) => rowTime(iso, now, locale, zone),
    age: (iso: string, now: number) => age(iso, now, locale, zone),
  };
}
