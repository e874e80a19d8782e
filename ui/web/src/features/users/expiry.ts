/** When something ends. Pure. */
export type ExpiryState = 'never' | 'later' | 'soon' | 'expired';

const SOON = 7 * 24 * 3_600_000;

export function expiryState(expiresAt: string | null | undefined, now: number): ExpiryState {
  if (!expiresAt) return 'never';
  const left = Date.parse(expiresAt) - now;
  if (left <= 0) return 'expired';
  return left <= SOON ? 'soon' : 'later';
}

/** The value of a date field, in the browser's zone: "2026-12-31". */
export function dateInput(iso: string | null | undefined): string {
  if (!iso) return '';
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return '';
  const two = (value: number) => String(value).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** A date from a field means the end of that day; empty means never. */
export function endOfDay(date: string): string | null {
  return date === '' ? null : new Date(`${date}T23:59:59`).toISOString();
}
