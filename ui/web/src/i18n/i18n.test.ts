import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import en from './en.json';
import { languages, pickLanguage, type Language } from './index';
import { richParts } from './rich';
import zh from './zh-CN.json';

const root = join(import.meta.dirname, '..');
const files = (function walk(dir: string): string[] {
  return readdirSync(dir).flatMap((name) => {
    const path = join(dir, name);
    return statSync(path).isDirectory() ? walk(path) : [path];
  });
})(root).filter((path) => /\.tsx?$/.test(path) && !path.endsWith('.test.ts'));
const source = files.map((path) => readFileSync(path, 'utf8')).join('\n');

function flatten(tree: object, prefix = ''): string[] {
  return Object.entries(tree).flatMap(([name, value]) => (typeof value === 'string' ? [prefix + name] : flatten(value as object, `${prefix}${name}.`)));
}

const base = (key: string) => key.replace(/_(?:zero|one|other)$/, '');
const keys = new Set(flatten(en).map(base));

/** Keys in the code: whole ones, and the fixed beginnings of composed ones. */
const literal = new Set([...source.matchAll(/['"]((?:[a-z]\w*\.)+[\w-]+)['"]/g)].map((match) => match[1]!));
const beginnings = [...source.matchAll(/`((?:[a-z]\w*\.)+)(?:\$\{|`)/g)].map((match) => match[1]!);
const spaces = Object.keys(en);

it('every key in the code is translated', () => {
  const used = [...literal].filter((key) => spaces.includes(key.split('.')[0]!) && !/\.(?:tsx?|json|css)$/.test(key));
  expect(used.length).toBeGreaterThan(200);
  expect(used.filter((key) => !keys.has(key) && !/^requests\.column$/.test(key))).toEqual([]);
});

it('every composed key has translations', () => {
  const used = beginnings.filter((start) => spaces.includes(start.split('.')[0]!));
  expect(used.filter((start) => ![...keys].some((key) => key.startsWith(start)))).toEqual([]);
});

it('no translation is unused', () => {
  const unused = [...keys].filter((key) => !literal.has(key) && !beginnings.some((start) => key.startsWith(start)) && !key.startsWith('route.sentence.'));
  expect(unused).toEqual([]);
});

it('every plural has both English forms', () => {
  const all = new Set(flatten(en));
  expect([...all].filter((key) => key.endsWith('_one') && !all.has(key.replace(/_one$/, '_other')))).toEqual([]);
});

const texts: Record<Language, object> = { en, 'zh-CN': zh };
const at = (tree: object, path: string) => path.split('.').reduce<unknown>((node, name) => (node as Record<string, unknown>)[name], tree) as string;
const marks = (text: string) => [...new Set(text.match(/\{\{\w+\}\}|<\/?\w+>/g))].sort();

it.each(Object.keys(languages) as Language[])('%s is complete: every key, every plural form, every value and mark', (language) => {
  const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
  const wanted = flatten(en).filter((key) => !/_(?:one|other)$/.test(key) || forms.includes(key.endsWith('_one') ? 'one' : 'other'));
  const tree = texts[language];
  expect(flatten(tree).sort()).toEqual(wanted.sort());
  expect(wanted.filter((key) => at(tree, key).trim() === '')).toEqual([]);
  const differing = wanted.filter((key) => marks(at(tree, key)).join() !== marks(at(en, key)).join());
  expect(differing).toEqual([]);
});

it('says nothing in English that has Chinese words', () => {
  // Names of products and protocols, units and bare punctuation stay as they are.
  const kept = /^(?:types|kinds|clients|providers\.account\.adapter)\.|\.(?:url|rateValue|429|event)$/;
  expect(flatten(zh).filter((key) => !kept.test(key) && !/\p{Script=Han}/u.test(at(zh, key)))).toEqual([]);
});

it('picks a language by tag, then by base language', () => {
  expect(pickLanguage(['fr', 'en-GB'])).toBe('en');
  expect(pickLanguage(['zh-cn'])).toBe('zh-CN');
  expect(pickLanguage([undefined, 'zh', 'en'])).toBe('zh-CN');
  expect(pickLanguage([null, undefined, 'xx'])).toBe('en');
});

it('marks parts and never renders tags', () => {
  expect(richParts('Sticky to <b>A</b>, <err>529</err>.')).toEqual([{ text: 'Sticky to ' }, { text: 'A', mark: 'b' }, { text: ', ' }, { text: '529', mark: 'err' }, { text: '.' }]);
  expect(richParts('<script>x</script>')).toEqual([{ text: '<script>x</script>' }]);
});
