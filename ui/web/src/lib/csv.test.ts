import { expect, it } from 'vitest';
import { csv } from './csv';

it('quotes what would break a row and leaves unknown cells empty', () => {
  expect(csv([['name', 'n'], ['a, "b"\nc', 1.5], [null, undefined]])).toBe('\uFEFFname,n\r\n"a, ""b""\nc",1.5\r\n,\r\n');
});

it.each(['=1+1', '+1', '-1', '@sum', '\tx'])('does not let a spreadsheet run %j', (text) => {
  expect(csv([[text]])).toBe(`\uFEFF'${text}\r\n`);
});

it('leaves negative numbers numbers', () => {
  expect(csv([[-1]])).toBe('\uFEFF-1\r\n');
});
