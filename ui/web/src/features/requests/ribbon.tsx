import { Link2 } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { cn } from '@/lib/cn';
import type { Ribbon, RibbonSegment } from './chain';

function Segment({ segment }: { segment: RibbonSegment }) {
  const grow = { flexGrow: Math.max(segment.weight, 0.0001), flexBasis: 8 };
  switch (segment.outcome) {
    case 'refused':
      return <Triangle />;
    case 'limited':
      return segment.weight > 0 ? <Triangle /> : null;
    case 'failed':
      return <span className="h-[9px] min-w-2 rounded-[2px] bg-err-fill" style={segment.weight > 0 ? grow : { flex: '0 0 8px' }} />;
    case 'aborted':
      return <span className="h-1.5 min-w-2 rounded-full border border-dashed border-fg-muted" style={grow} />;
    case 'live':
      return <span className="pulse h-1.5 min-w-2 rounded-full bg-info-fill" style={grow} />;
    default:
      return <span className="h-1.5 min-w-2 rounded-full bg-ok-fill" style={grow} />;
  }
}

function Triangle() {
  return (
    <svg width="9" height="9" viewBox="0 0 10 10" className="shrink-0 text-warn-fill" aria-hidden="true">
      <path d="M5 .8 9.6 9H.4z" fill="currentColor" />
    </svg>
  );
}

/** One segment per attempt, as wide as it took; shapes tell the outcome. */
export function RouteRibbon({ ribbon, className }: { ribbon: Ribbon; className?: string }) {
  const { t } = useTranslation();
  const last = ribbon.segments.at(-1)?.outcome ?? 'ok';
  const label = t('route.ribbon', { count: ribbon.segments.length, outcome: t(`route.outcome.${last}`) });
  return (
    <span role="img" aria-label={label} title={label} className={cn('flex h-4 w-full min-w-0 items-center gap-[3px]', className)}>
      {ribbon.sticky && <Link2 size={11} className="shrink-0 text-fg-muted" aria-hidden="true" />}
      {ribbon.segments.map((segment, i) => (
        <Segment key={i} segment={segment} />
      ))}
    </span>
  );
}
