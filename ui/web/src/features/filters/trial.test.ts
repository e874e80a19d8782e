import { expect, it } from 'vitest';
import { exampleBody, exampleHeaders, headerLines, readBody, readHeaders } from './trial';

it('reads headers as the server names them', () => {
  expect(readHeaders('user-agent: a/1 (b: c)\n\n x-APP :cli \n')).toEqual({ 'User-Agent': 'a/1 (b: c)', 'X-App': 'cli' });
  expect(readHeaders('X-Empty:')).toEqual({ 'X-Empty': '' });
  expect(readHeaders('no header')).toBeUndefined();
});

it('writes headers in the order of their names', () => {
  expect(headerLines({ B: '2', A: '1' })).toBe('A: 1\nB: 2');
});

it('takes only objects as bodies', () => {
  expect(['{"a":1}', '[]', 'null', '{'].map(readBody)).toEqual([{ a: 1 }, undefined, undefined, undefined]);
});

it('has an example that can be sent', () => {
  expect(readBody(exampleBody)).toBeDefined();
  expect(headerLines(readHeaders(exampleHeaders)!)).toBe(exampleHeaders);
});
