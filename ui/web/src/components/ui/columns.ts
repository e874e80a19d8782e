/** Where the columns of a chart stand and how high they are. Pure. */

const NICE = [1, 2, 2.5, 5, 10];

/** The end of an axis that starts at 0: the next round number, 1 where there is nothing. */
export function axisTop(greatest: number): number {
  if (greatest <= 0) return 1;
  const size = 10 ** Math.floor(Math.log10(greatest));
  const step = NICE.find((candidate) => candidate * size >= greatest * (1 - 1e-9)) ?? 10;
  return step * size;
}

/** The values at the lines of an axis, the top first; counts have no halves. */
export function axisTicks(top: number, whole = false): number[] {
  const parts = whole && top < 4 ? Math.max(1, Math.round(top)) : 4;
  return Array.from({ length: parts + 1 }, (_, i) => (top * (parts - i)) / parts);
}

/** Every how many columns one has a label, so that at most `most` do. */
export function labelStep(columns: number, most: number): number {
  return Math.max(1, Math.ceil(columns / most));
}
