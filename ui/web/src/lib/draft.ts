import { useState } from 'react';

/** A form's values beside those it started with. */
export interface Draft<T> {
  values: T;
  initial: T;
  set: <K extends keyof T>(name: K, value: T[K]) => void;
  merge: (patch: Partial<T>) => void;
  reset: (values?: T) => void;
  changed: (keyof T)[];
  isChanged: (name: keyof T) => boolean;
}

/** Names of the values that differ; lists and objects are compared by content. */
export function changedNames<T extends object>(values: T, initial: T): (keyof T)[] {
  return (Object.keys(values) as (keyof T)[]).filter((name) => JSON.stringify(values[name]) !== JSON.stringify(initial[name]));
}

export function useDraft<T extends object>(start: T): Draft<T> {
  const [initial, setInitial] = useState(start);
  const [values, setValues] = useState(start);
  const changed = changedNames(values, initial);
  return {
    values,
    initial,
    set: (name, value) => setValues((before) => ({ ...before, [name]: value })),
    merge: (patch) => setValues((before) => ({ ...before, ...patch })),
    reset: (next = initial) => {
      setInitial(next);
      setValues(next);
    },
    changed,
    isChanged: (name) => changed.includes(name),
  };
}
