import { cn } from '@/lib/cn';
import { lineDiff, type DiffLine } from '@/lib/diff';

const looks: Record<DiffLine['kind'], { mark: string; element: 'span' | 'del' | 'ins'; className: string }> = {
  same: { mark: ' ', element: 'span', className: 'text-fg-2' },
  removed: { mark: '−', element: 'del', className: 'bg-err-tint text-err-on-tint no-underline' },
  added: { mark: '+', element: 'ins', className: 'bg-ok-tint text-ok-on-tint no-underline' },
};

/** What became of a text: lines that went, and those in their place. */
export function Diff({ before, after, label }: { before: string; after: string; label: string }) {
  return (
    <pre tabIndex={0} aria-label={label} className="max-h-72 overflow-auto rounded-md border border-line bg-sunken py-2 font-code text-12 leading-[19px]">
      {lineDiff(before, after).map(({ kind, text }, i) => {
        const { mark, element: Element, className } = looks[kind];
        return (
          <Element key={i} className={cn('block w-fit min-w-full px-3', className)}>
            {`${mark} ${text}`}
          </Element>
        );
      })}
    </pre>
  );
}
