import { Mark } from '@/components/ui/marks';
import { StateShape, type Tone } from '@/components/ui/state';

const clients: [string, string][] = [
  ['claude', 'Claude Code'],
  ['codex', 'Codex'],
  ['gemini', 'Gemini CLI'],
  ['other', 'OpenCode'],
];

const upstreams: [string, string, Tone][] = [
  ['claude', 'Upstream A', 'ok'],
  ['claude', 'Upstream B', 'ok'],
  ['claude', 'Upstream C', 'open'],
  ['codex', 'Upstream D', 'ok'],
  ['gemini', 'Upstream E', 'ok'],
];

const HUB = { x: 340, y: 270 };
const clientY = (i: number) => 90 + i * 120;
const upstreamY = (i: number) => 50 + i * 110;

const curve = (x1: number, y1: number, x2: number, y2: number) => `M${x1} ${y1}C${(x1 + x2) / 2} ${y1} ${(x1 + x2) / 2} ${y2} ${x2} ${y2}`;
const inbound = (i: number) => curve(145, clientY(i), HUB.x - 34, HUB.y);
const outbound = (i: number) => curve(HUB.x + 34, HUB.y, 438, upstreamY(i));

function Box({ x, y, width, type, name, tone, active }: { x: number; y: number; width: number; type: string; name: string; tone?: Tone; active?: boolean }) {
  return (
    <g>
      <rect x={x} y={y - 20} width={width} height={40} rx={8} className={active ? 'fill-panel stroke-accent' : 'fill-panel stroke-line-strong'} />
      <foreignObject x={x} y={y - 20} width={width} height={40}>
        <div className="flex h-full items-center gap-2.5 px-3.5 text-13 font-medium">
          <Mark type={type} />
          <span className="flex-1">{name}</span>
          {tone && <StateShape tone={tone} size={9} />}
        </div>
      </foreignObject>
    </g>
  );
}

/** A request on its way: decorative, names nobody, stands still for those who ask for it. */
export function RouteDrawing() {
  return (
    <svg viewBox="0 0 630 540" className="w-[88%] max-w-[640px]" fill="none">
      {clients.map((_, i) => (
        <path key={i} d={inbound(i)} className={i === 0 ? 'stroke-accent' : 'stroke-line-strong'} strokeWidth={i === 0 ? 2 : 1.5} />
      ))}
      {upstreams.map(([, , tone], i) => (
        <path key={i} d={outbound(i)} className={i === 1 ? 'stroke-accent' : 'stroke-line-strong'} strokeWidth={i === 1 ? 2 : 1.5} strokeDasharray={tone === 'open' ? '4 4' : undefined} />
      ))}
      <g className="motion-reduce:hidden">
        <circle r="4" className="fill-accent">
          <animateMotion dur="6s" repeatCount="indefinite" keyPoints="0;1;1" keyTimes="0;0.45;1" calcMode="linear" path={inbound(0)} />
        </circle>
        <circle r="4" className="fill-accent">
          <animateMotion dur="6s" repeatCount="indefinite" keyPoints="0;0;1" keyTimes="0;0.5;1" calcMode="linear" path={outbound(1)} />
        </circle>
      </g>
      {clients.map(([type, name], i) => (
        <Box key={name} x={0} y={clientY(i)} width={145} type={type} name={name} />
      ))}
      {upstreams.map(([type, name, tone], i) => (
        <Box key={name} x={438} y={upstreamY(i)} width={185} type={type} name={name} tone={tone} active={i === 1} />
      ))}
      <rect x={HUB.x - 34} y={HUB.y - 34} width={68} height={68} rx={16} className="fill-fg" />
      <path d={`M${HUB.x - 16} ${HUB.y}h30m-18 0c6 0 6-10 14-10m-14 10c6 0 6 10 14 10`} className="stroke-bg" strokeWidth="3" strokeLinecap="round" />
      {[-10, 0, 10].map((dy) => (
        <circle key={dy} cx={HUB.x + 16} cy={HUB.y + dy} r="4" className="fill-bg" />
      ))}
    </svg>
  );
}
