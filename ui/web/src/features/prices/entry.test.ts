import { describe, expect, it } from 'vitest';
import type { Price } from '@/api/types';
import { draftEntry, draftFaults, ownEntry, priceDraft } from './entry';
import { readPriceSearch } from './search';

describe('a price as a form', () => {
  const entry = { vendor: 'acme', mode: 'chat', rates: { input: '3', output: '15', output_image: '30' }, tiers: [{ above_input_tokens: 200000, rates: { input: '6' } }] };

  it('comes back as it was', () => {
    expect(draftEntry(priceDraft('acme-1', entry))).toEqual(entry);
  });

  it('leaves out what is not listed and keeps what is free', () => {
    const draft = priceDraft('acme-1', entry);
    draft.rates.output = ' ';
    draft.rates.cache_read = '0';
    expect(draftEntry(draft).rates).toEqual({ input: '3', cache_read: '0', output_image: '30' });
  });

  it('names every fault', () => {
    const draft = priceDraft(' ');
    draft.rates.input = '-3';
    draft.rates.output = '1e-6';
    draft.rest = '[1]';
    expect(draftFaults(draft)).toEqual(['name', 'input', 'output', 'rest']);
    draft.rest = '';
    expect(draftFaults({ ...draft, name: 'x', rates: priceDraft('x').rates })).toEqual([]);
  });

  it('takes over what the seller in force asks', () => {
    const price = { node: 'acme', entry: { vendor: 'acme', nodes: { acme: { official: true, rates: { input: '3' } }, shop: { rates: { input: '9' } } } } };
    expect(ownEntry(price as unknown as Price)).toEqual({ vendor: 'acme', rates: { input: '3' } });
  });
});

it('the address keeps only what means something', () => {
  expect(readPriceSearch({ q: 'x', source: 'cloud', sort: 'price', order: 'up', page: '3', inUse: 'true', edit: '' })).toEqual({ q: 'x', source: 'cloud', page: 3, inUse: true });
  expect(readPriceSearch({ page: 1, vendor: 7 })).toEqual({});
});
