import { useTranslation } from 'react-i18next';
import { ApiError } from '@/api/error';

/** Words for a failure: the translation of its code, else the server's own sentence. */
export function useErrorText(): (error: unknown) => string {
  const { t, i18n } = useTranslation();
  return (error) => {
    if (!(error instanceof ApiError)) return t('errors.unexpected');
    const key = `errors.codes.${error.code.replaceAll('.', '_')}`;
    if (i18n.exists(key)) return t(key);
    return error.detail || t('errors.unexpected');
  };
}
