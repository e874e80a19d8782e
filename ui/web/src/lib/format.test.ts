import { describe, expect, it } from 'vitest';
import { clientName, countdown, initials, latency, percent, shortId, tokenRate, tokens, usd, usdLimit, usdUsed } from './format';

describe('tokens', () => {
  it.each([
    [null, '–'], [0, '0'], [7979, '7,979'], [9999, '9,999'], [10_000, '10.0k'], [12_345, '12.3k'], [118_304, '118k'],
    [999_499, '999k'], [999_950, '1.00M'], [53_100_000, '53.1M'], [482_000_000, '482M'], [999_900_000, '1.00B'], [1_234_000_000, '1.23B'],
  ])('%s is %s', (value, text) => expect(tokens(value)).toBe(text));
});

describe('usd', () => {
  it.each([
    [undefined, '–'], [0, '$0'], [236.061, '$236.06'], [1, '$1.00'], [0.99996, '$1.0000'], [0.0081, '$0.0081'], [0.01, '$0.0100'],
    [0.00056, '$0.00056'], [0.000000123, '$0.00000012'], [-2.5, '−$2.50'], [1234567.891, '$1,234,567.89'],
  ])('%s is %s', (value, text) => expect(usd(value)).toBe(text));
  it('drops the cents of whole limits and of large amounts', () => {
    expect(usdLimit(40)).toBe('$40');
    expect(usdLimit(12.5)).toBe('$12.50');
    expect(usdUsed(402.4)).toBe('$402');
    expect(usdUsed(21.4)).toBe('$21.40');
  });
});

describe('latency', () => {
  it.each([
    [null, '–'], [0, '0 ms'], [840, '840 ms'], [999.4, '999 ms'], [999.6, '1.0 s'], [10_200, '10.2 s'], [59_949, '59.9 s'],
    [59_960, '1m 00s'], [79_000, '1m 19s'], [3_600_000, '1h 00m'], [3_720_000, '1h 02m'],
  ])('%s ms is %s', (value, text) => expect(latency(value)).toBe(text));
});

describe('percent', () => {
  it('is a dash without a denominator and 100 only if exact', () => {
    expect(percent(0, 0)).toBe('–');
    expect(percent(5, 5)).toBe('100 %');
    expect(percent(99_999, 100_000)).toBe('99.9 %');
    expect(percent(0.286, 1)).toBe('28.6 %');
  });
});

it('hides a token rate that means nothing', () => {
  expect(tokenRate(500, 199)).toBeUndefined();
  expect(tokenRate(undefined, 5000)).toBeUndefined();
  expect(tokenRate(486, 6940)).toBe(70);
});

it('counts down in minutes, then in hours', () => {
  expect(countdown(-5)).toBe('0:00');
  expect(countdown(4_200)).toBe('0:05');
  expect(countdown(1_724_000)).toBe('28:44');
  expect(countdown(10_920_000)).toBe('3h 02m');
});

it('shortens what people recognise by its start', () => {
  expect(shortId('8f3c1d03-6a1b-4c22')).toBe('8f3c1d03');
  expect(shortId('ses_k2v9abcdef')).toBe('k2v9abcd');
  expect(initials('Priya Raman')).toBe('PR');
  expect(initials('me')).toBe('ME');
  expect(initials('ci-nightly.job')).toBe('CJ');
  expect(initials('  ')).toBe('?');
});

it('names clients', () => {
  expect(clientName('claude-code', '2.1.197')).toBe('Claude Code 2.1.197');
  expect(clientName('my-agent', null)).toBe('my-agent');
  expect(clientName(null, '1')).toBeUndefined();
});

it('groups by the language', () => {
  expect(usd(1234.5, 'de')).toBe('$1.234,50');
  expect(tokens(7979, 'de')).toBe('7.979');
});
