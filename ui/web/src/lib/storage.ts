/** localStorage that never throws: private windows and strict policies forbid it. */
export function load(name: string): string | null {
  try {
    return localStorage.getItem(`cch.${name}`);
  } catch {
    return null;
  }
}

export function save(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`cch.${name}`);
    else localStorage.setItem(`cch.${name}`, value);
  } catch {
    // Nothing to do: the choice lasts until the page is closed.
  }
}
