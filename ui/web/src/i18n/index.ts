import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import { boot } from '@/boot';
import { load, save } from '@/lib/storage';

/** Languages with a complete translation, by their own name. */
export const languages = { en: 'English', 'zh-CN': '简体中文' } as const;
export type Language = keyof typeof languages;

type Resource = Record<string, unknown>;

const loaders: Record<Language, () => Promise<{ default: Resource }>> = {
  en: () => import('./en.json'),
  'zh-CN': () => import('./zh-CN.json'),
};

/** The first supported language of a list of tags, by exact tag, then by base language. */
export function pickLanguage(wanted: readonly (string | null | undefined)[]): Language {
  const known = Object.keys(languages) as Language[];
  for (const tag of wanted) {
    if (!tag) continue;
    const exact = known.find((language) => language.toLowerCase() === tag.toLowerCase());
    const base = exact ?? known.find((language) => language.split('-')[0] === tag.toLowerCase().split('-')[0]);
    if (base) return base;
  }
  return 'en';
}

async function activate(language: Language): Promise<void> {
  const resource = await loaders[language]();
  i18next.addResourceBundle(language, 'translation', resource.default, true, true);
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
}

/** Loads the chosen, else the installation's, else the browser's language. */
export async function startI18n(): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: 'en',
    fallbackLng: false,
    resources: {},
    interpolation: { escapeValue: false }, // React escapes
    returnNull: false,
  });
  await activate(pickLanguage([load('language'), boot.locale, ...navigator.languages]));
}

export async function setLanguage(language: Language): Promise<void> {
  await activate(language);
  save('language', language);
}
