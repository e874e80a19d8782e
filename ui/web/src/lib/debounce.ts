import { useEffect, useRef, useState } from 'react';

/**
 * A text field's own value that reports changes after a pause. A change from
 * outside (Back, a removed filter) replaces it at once. flush reports now.
 */
export function useDebounced(value: string, report: (value: string) => void, ms = 250) {
  const [draft, setDraft] = useState(value);
  const [seen, setSeen] = useState(value);
  if (seen !== value) {
    setSeen(value);
    setDraft(value);
  }
  const latest = useRef(report);
  useEffect(() => {
    latest.current = report;
  });
  useEffect(() => {
    if (draft === value) return;
    const timer = setTimeout(() => latest.current(draft), ms);
    return () => clearTimeout(timer);
  }, [draft, value, ms]);
  return { draft, setDraft, flush: () => report(draft) };
}
