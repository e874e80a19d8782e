/** Where the columns of a chart stand and how high they are. Pure. */

const NICE = [1, 2, 2.5, 5, 10];

/** The end of an axis that starts at 0: the next round number, 1 where there is nothing. */
export function axisTop(greatest: number): number {
  if (greatest <= 0) return 1;
  const size = 10 ** Math.floor(Math.log10(greatest));
  const step = NICE.find((candidate) => candidate * size >= greatest * (1 - 1e-9)) ?? 10;
  return step * size;
}

/** Whether a number is a round one, that an axis could end at. */
function isRound(value: number): boolean {
  const size = 10 ** Math.floor(Math.log10(value) + 1e-9);
  return NICE.some((nice) => Math.abs(value / size - nice) < 1e-6);
}

/** The values at the lines of an axis, the top first, all of them round; counts have no halves. */
export function axisTicks(top: number, whole = false): number[] {
  const parts = [4, 5, 2].find((count) => isRound(top / count) && (!whole || Number.isInteger(top / count))) ?? 1;
  return Array.from({ length: parts + 1 }, (_, i) => (top * (parts - i)) / parts);
}

/** Every how many columns one has a label, so that at most `most` do. */
export function labelStep(columns: number, most: number): number {
  return Math.max(1, Math.ceil(columns / most));
}
