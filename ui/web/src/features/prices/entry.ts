import type { Price, PriceEntry } from '@/api/types';
import { isObject, parseJson, prettyJson } from '@/lib/json';

/** The rates a form has a field for, as price lists name them. */
export const rateNames = ['input', 'output', 'cache_read', 'cache_write_5m', 'cache_write_1h'] as const;
export type RateName = (typeof rateNames)[number];

export interface PriceDraft {
  name: string;
  vendor: string;
  rates: Record<RateName, string>;
  /** Everything else of the entry, as JSON. */
  rest: string;
}

type Rates = Record<string, unknown>;

const asText = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '');

const without = (entry: PriceEntry, name: string): PriceEntry => Object.fromEntries(Object.entries(entry).filter(([key]) => key !== name));

/**
 * The entry that holds when a price becomes one of the operator's own: what its
 * seller asks, without the other sellers.
 */
export function ownEntry(price: Price): PriceEntry {
  const { nodes, ...entry } = price.entry ?? {};
  const node = price.node === null ? undefined : (nodes as Record<string, PriceEntry> | undefined)?.[price.node];
  if (!node) return nodes === undefined ? entry : { ...entry, nodes };
  return { ...entry, ...without(node, 'official') };
}

export function priceDraft(name: string, entry: PriceEntry = {}): PriceDraft {
  const { vendor, rates, ...rest } = without(entry, 'id');
  const listed = (rates ?? {}) as Rates;
  const others = Object.fromEntries(Object.entries(listed).filter(([key]) => !rateNames.includes(key as RateName)));
  return {
    name,
    vendor: asText(vendor),
    rates: Object.fromEntries(rateNames.map((key) => [key, asText(listed[key])])) as Record<RateName, string>,
    rest: prettyJson(Object.keys(others).length > 0 ? { ...rest, rates: others } : rest),
  };
}

export type DraftFault = 'name' | 'rest' | RateName;

/** What keeps a draft from being saved. */
export function draftFaults(draft: PriceDraft): DraftFault[] {
  const faults: DraftFault[] = [];
  if (draft.name.trim() === '') faults.push('name');
  for (const key of rateNames) if (draft.rates[key].trim() !== '' && !/^\d+(\.\d+)?$/.test(draft.rates[key].trim())) faults.push(key);
  if (parseRest(draft.rest) === undefined) faults.push('rest');
  return faults;
}

function parseRest(text: string): PriceEntry | undefined {
  const value = parseJson(text.trim() === '' ? '{}' : text);
  return isObject(value) ? value : undefined;
}

/** The entry to send. Empty rates are left out: not listed is not the same as free. */
export function draftEntry(draft: PriceDraft): PriceEntry {
  const rest = parseRest(draft.rest) ?? {};
  const rates: Rates = { ...((rest.rates as Rates | undefined) ?? {}) };
  for (const key of rateNames) if (draft.rates[key].trim() !== '') rates[key] = draft.rates[key].trim();
  return { mode: 'chat', ...rest, ...(draft.vendor.trim() === '' ? {} : { vendor: draft.vendor.trim() }), rates };
}
