import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const css = readFileSync(join(import.meta.dirname, 'tokens.css'), 'utf8');

function tokens(selector: string): Record<string, [number, number, number]> {
  const block = css.slice(css.indexOf(`${selector} {`), css.indexOf('\n}', css.indexOf(`${selector} {`)));
  return Object.fromEntries(
    [...block.matchAll(/--([\w-]+):\s*oklch\(([\d.]+) ([\d.]+) ([\d.]+)\)/g)].map((match) => [match[1]!, [Number(match[2]), Number(match[3]), Number(match[4])]]),
  );
}

/** Relative luminance of an OKLCH colour, by way of linear sRGB. */
function luminance([lightness, chroma, hue]: [number, number, number]): number {
  const a = chroma * Math.cos((hue * Math.PI) / 180);
  const b = chroma * Math.sin((hue * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const clamp = (value: number) => Math.min(1, Math.max(0, value));
  const red = clamp(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s);
  const green = clamp(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s);
  const blue = clamp(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: [number, number, number], other: [number, number, number]): number {
  const [high, low] = [luminance(one), luminance(other)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

describe.each([
  ['light', tokens(':root, [data-theme="light"]')],
  ['dark', tokens('[data-theme="dark"]')],
])('contrast, %s', (_, theme) => {
  it.each([
    ['fg', 'panel', 15], ['fg-2', 'panel', 10], ['fg-muted', 'panel', 5.9], ['fg-muted', 'accent-tint', 5], ['fg-faint', 'bg', 4.5], ['accent', 'panel', 6.7],
    ['ok', 'panel', 5.5], ['warn', 'panel', 5.5], ['err', 'panel', 5.8], ['info', 'panel', 5.2], ['ok-on-tint', 'ok-tint', 6.4], ['warn-on-tint', 'warn-tint', 6.4],
    ['err-on-tint', 'err-tint', 6.4], ['info-on-tint', 'info-tint', 6.4], ['control-line', 'panel', 3], ['ok-fill', 'panel', 3], ['err-fill', 'panel', 3],
  ] as const)('%s on %s is at least %s', (text, ground, least) => {
    expect(contrast(theme[text]!, theme[ground]!)).toBeGreaterThanOrEqual(least);
  });
});
