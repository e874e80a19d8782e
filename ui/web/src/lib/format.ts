/**
 * How numbers are written, everywhere in the dashboard. All functions are pure
 * and take the language; none of them does arithmetic on money.
 */

const EN_DASH = '–';

function grouped(value: number, locale: string, fractionDigits = 0): string {
  return new Intl.NumberFormat(locale, {
    minimumFractionDigits: fractionDigits,
    maximumFractionDigits: fractionDigits,
  }).format(value);
}

/** Below 10,000 grouped; then k, M, B with three significant digits. */
export function tokens(value: number | null | undefined, locale = 'en'): string {
  if (value == null) return EN_DASH;
  if (Math.abs(value) < 10_000) return grouped(value, locale);
  for (const [unit, size] of [['B', 1e9], ['M', 1e6], ['k', 1e3]] as const) {
    // 999,500 would round to "1000k": it belongs to the next unit already.
    if (Math.abs(value) < size * 0.9995) continue;
    const scaled = value / size;
    const digits = Math.abs(scaled) >= 99.95 ? 0 : Math.abs(scaled) >= 9.995 ? 1 : 2;
    return grouped(scaled, locale, digits) + unit;
  }
  return grouped(value, locale);
}

/** US dollars: from 1 two decimals, from 0.01 four, below two significant digits. */
export function usd(value: number | null | undefined, locale = 'en'): string {
  if (value == null) return EN_DASH;
  if (value === 0) return '$0';
  const size = Math.abs(value);
  const sign = value < 0 ? '−' : '';
  if (size >= 1) return `${sign}$${grouped(size, locale, 2)}`;
  if (size >= 0.01) return `${sign}$${grouped(size, locale, 4)}`;
  return `${sign}$${new Intl.NumberFormat(locale, { maximumSignificantDigits: 2, maximumFractionDigits: 20 }).format(size)}`;
}

/** A limit: whole amounts without cents, so that used and limit fit side by side. */
export function usdLimit(value: number, locale = 'en'): string {
  return Number.isInteger(value) ? `$${grouped(value, locale)}` : usd(value, locale);
}

/** Amounts in quota cells: from 100 on without cents. */
export function usdUsed(value: number, locale = 'en'): string {
  return value >= 100 ? `$${grouped(value, locale)}` : usd(value, locale);
}

/** A duration in ms: below 1 s in ms, below 60 s with one decimal, then "1m 19s". */
export function latency(ms: number | null | undefined, locale = 'en'): string {
  if (ms == null) return EN_DASH;
  if (ms < 999.5) return `${grouped(Math.max(0, ms), locale)} ms`;
  if (ms < 59_950) return `${grouped(ms / 1000, locale, 1)} s`;
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${String(seconds % 60).padStart(2, '0')}s`;
  return `${Math.floor(minutes / 60)}h ${String(minutes % 60).padStart(2, '0')}m`;
}

/** A share: one decimal, 100 only if exact, a dash without a denominator. */
export function percent(part: number, whole: number, locale = 'en'): string {
  if (whole === 0) return EN_DASH;
  if (part === whole) return '100 %';
  const value = Math.min(99.9, Math.round((part / whole) * 1000) / 10);
  return `${grouped(value, locale, 1)} %`;
}

/** Output tokens per second; undefined when the generation was too short to mean anything. */
export function tokenRate(outputTokens: number | undefined, generationMs: number | undefined): number | undefined {
  if (outputTokens == null || generationMs == null || generationMs < 200) return undefined;
  return Math.round((outputTokens * 1000) / generationMs);
}

/** A countdown: "28:44", "3h 02m", "0:05". */
export function countdown(ms: number): string {
  const total = Math.max(0, Math.ceil(ms / 1000));
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  if (hours > 0) return `${hours}h ${String(minutes).padStart(2, '0')}m`;
  return `${minutes}:${String(total % 60).padStart(2, '0')}`;
}

/** The first hex digits of a session id, which is how people recognise it. */
export function shortId(id: string): string {
  return id.replace(/^(?:ses_|session_)/, '').slice(0, 8);
}

const clients: Record<string, string> = {
  'claude-code': 'Claude Code',
  codex: 'Codex',
  'gemini-cli': 'Gemini CLI',
  opencode: 'OpenCode',
};

/** A client with its version; undefined when neither is known. An unknown kind is shown as it came. */
export function clientName(kind: string | null | undefined, version?: string | null): string | undefined {
  if (!kind) return undefined;
  return [clients[kind] ?? kind, version].filter(Boolean).join(' ');
}

/** Two letters for an avatar. */
export function initials(name: string): string {
  const words = name.trim().split(/[\s._-]+/).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words[words.length - 1]] : [words[0]?.slice(0, 2)];
  return letters.map((word, i) => (words.length > 1 || i > 0 ? word?.charAt(0) : word)).join('').toUpperCase() || '?';
}
