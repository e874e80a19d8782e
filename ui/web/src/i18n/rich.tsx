import { Fragment, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

const classes: Record<string, string> = {
  b: 'font-semibold text-fg',
  ok: 'font-semibold text-ok',
  warn: 'font-semibold text-warn',
  err: 'font-semibold text-err',
};

/** Splits "a <b>c</b>" into styled parts. Unknown tags stay text: nothing is rendered as HTML. */
export function richParts(text: string): { text: string; mark?: string }[] {
  const parts: { text: string; mark?: string }[] = [];
  let last = 0;
  for (const match of text.matchAll(/<(b|ok|warn|err)>(.*?)<\/\1>/g)) {
    if (match.index > last) parts.push({ text: text.slice(last, match.index) });
    parts.push({ text: match[2] ?? '', mark: match[1] });
    last = match.index + match[0].length;
  }
  if (last < text.length) parts.push({ text: text.slice(last) });
  return parts;
}

/** A translation with <b>, <ok>, <warn> and <err> marks. Values cannot bring marks of their own. */
export function Rich({ k, values }: { k: string; values?: Record<string, string | number> }): ReactNode {
  const { t } = useTranslation();
  const safe = Object.fromEntries(
    Object.entries(values ?? {}).map(([name, value]) => [name, typeof value === 'string' ? value.replaceAll('<', '‹').replaceAll('>', '›') : value]),
  );
  return richParts(t(k, safe)).map((part, i) =>
    part.mark ? (
      <span key={i} className={classes[part.mark]}>
        {part.text}
      </span>
    ) : (
      <Fragment key={i}>{part.text}</Fragment>
    ),
  );
}
