/** What became of a text, line by line. */

export interface DiffLine {
  kind: 'same' | 'removed' | 'added';
  text: string;
}

/** Above so many pairs of lines the middle is one removal and one addition. */
const MAX_PAIRS = 1_000_000;

const all = (kind: DiffLine['kind'], lines: readonly string[]): DiffLine[] => lines.map((text) => ({ kind, text }));

/** How long the longest common subsequence of the lines from i and from j on is. */
function commonLengths(before: readonly string[], after: readonly string[]): (i: number, j: number) => number {
  const width = after.length + 1;
  const lengths = new Uint32Array((before.length + 1) * width);
  const at = (i: number, j: number) => lengths[i * width + j] ?? 0;
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      lengths[i * width + j] = before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  return at;
}

function middleDiff(before: readonly string[], after: readonly string[]): DiffLine[] {
  if (before.length * after.length > MAX_PAIRS) return [...all('removed', before), ...all('added', after)];
  const common = commonLengths(before, after);
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  for (;;) {
    const [old, now] = [before[i], after[j]];
    if (old === undefined || now === undefined) break;
    if (old === now) {
      lines.push({ kind: 'same', text: old });
      i++;
      j++;
    } else if (common(i + 1, j) >= common(i, j + 1)) {
      lines.push({ kind: 'removed', text: old });
      i++;
    } else {
      lines.push({ kind: 'added', text: now });
      j++;
    }
  }
  return [...lines, ...all('removed', before.slice(i)), ...all('added', after.slice(j))];
}

/** The lines of two texts, those that went before those that came in their place. */
export function lineDiff(before: string, after: string): DiffLine[] {
  const [old, now] = [before.split('\n'), after.split('\n')];
  const shorter = Math.min(old.length, now.length);
  let head = 0;
  while (head < shorter && old[head] === now[head]) head++;
  let tail = 0;
  while (tail < shorter - head && old[old.length - 1 - tail] === now[now.length - 1 - tail]) tail++;
  const middle = middleDiff(old.slice(head, old.length - tail), now.slice(head, now.length - tail));
  return [...all('same', old.slice(0, head)), ...middle, ...all('same', old.slice(old.length - tail))];
}
