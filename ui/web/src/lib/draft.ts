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

/** A draft of what is stored; `typed` is what stands in the form at first, where that is something else. */
export function useDraft<T extends object>(stored: T, typed = stored): Draft<T> {
  const [initial, setInitial] = useState(stored);
  const [values, setValues] = useState(typed);
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
