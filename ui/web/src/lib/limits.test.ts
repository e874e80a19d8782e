import { expect, it } from 'vitest';
import { limitDraft, limitErrors, limitInput, parseNumber } from './limits';

it('reads numbers as people type them', () => {
  expect(parseNumber(' 12,5 ')).toBe(12.5);
  expect(parseNumber('')).toBeNull();
  expect(parseNumber('ten')).toBeUndefined();
  expect(parseNumber('-1')).toBeUndefined();
});

it('shows no limit as an empty field and sends it as null', () => {
  const draft = limitDraft({ limit5hUsd: 40, dailyLimitUsd: null });
  expect(draft.limit5hUsd).toBe('40');
  expect(draft.dailyLimitUsd).toBe('');
  expect(limitInput(draft, ['limit5hUsd', 'dailyLimitUsd'])).toEqual({ limit5hUsd: 40, dailyLimitUsd: null });
});

it('refuses zero, which people mean as unlimited', () => {
  const errors = limitErrors({ ...limitDraft(undefined), limit5hUsd: '0', rpmLimit: '1.5', limitTotalUsd: 'x', limitWeeklyUsd: '7.5' });
  expect(errors).toEqual({ limit5hUsd: 'forms.zeroLimit', rpmLimit: 'forms.integer', limitTotalUsd: 'forms.number' });
});
