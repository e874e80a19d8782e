import { useTranslation } from 'react-i18next';
import type { BoardPart, BoardRow } from '@/api/types';
import { partName, rowName } from './rows';

/** Names of rows and of their parts, with words for those that have none. */
export function useRowName() {
  const { t } = useTranslation();
  const unnamed = (model: string | null) => t(model === null ? 'leaderboard.unknown' : 'leaderboard.otherModels');
  return {
    nameOf: (row: BoardRow): string => rowName(row) ?? unnamed(row.model),
    nameOfPart: (part: BoardPart): string => partName(part) ?? unnamed(part.model),
  };
}
