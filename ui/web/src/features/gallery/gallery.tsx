import { FlaskConical, MoreHorizontal, Pencil, Plus, RotateCcw, Trash2 } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { ThemeMenu } from '@/components/shell/account';
import { Panel, PanelPage } from '@/components/shell/page';
import { QuotaBar, Sparkline } from '@/components/ui/bars';
import { Button } from '@/components/ui/button';
import { ColumnChart } from '@/components/ui/column-chart';
import { Confirm } from '@/components/ui/dialog';
import { TextField } from '@/components/ui/field';
import { FilterChip, QuickChip, SearchBox } from '@/components/ui/filters';
import { Menu } from '@/components/ui/menu';
import { Empty, ErrorNotice, Skeleton } from '@/components/ui/notice';
import { Badge, State } from '@/components/ui/state';
import { showToast } from '@/components/ui/toast';
import { Checkbox, Segmented, Switch } from '@/components/ui/toggle';
import { ApiError } from '@/api/error';
import { RouteRibbon } from '@/features/requests/ribbon';
import type { Ribbon } from '@/features/requests/chain';
import { usd, usdLimit } from '@/lib/format';
import { cn } from '@/lib/cn';

function Box({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Panel label={title} className="p-4">
      <h2 className="mb-3 text-12 font-semibold">{title}</h2>
      {children}
    </Panel>
  );
}

const ribbons: [string, Ribbon][] = [
  ['sticky, answered', { sticky: true, segments: [{ outcome: 'ok', weight: 1 }] }],
  ['fresh pick, answered', { sticky: false, segments: [{ outcome: 'ok', weight: 1 }] }],
  ['two failures, one limit, answered', { sticky: true, segments: [{ outcome: 'failed', weight: 0 }, { outcome: 'failed', weight: 0 }, { outcome: 'limited', weight: 1 }, { outcome: 'ok', weight: 9 }] }],
  ['slow failure, answered', { sticky: false, segments: [{ outcome: 'failed', weight: 3 }, { outcome: 'ok', weight: 4 }] }],
  ['in flight', { sticky: false, segments: [{ outcome: 'live', weight: 1 }] }],
  ['client closed', { sticky: false, segments: [{ outcome: 'aborted', weight: 1 }] }],
  ['refused before any attempt', { sticky: false, segments: [{ outcome: 'refused', weight: 1 }] }],
];

const columns = [12.4, 31, 0, 44.2, 18.9, 27.5, 9.1].map((value, i, all) => ({ key: String(i), label: `${13 + i} Nov`, value, title: usd(value), running: i === all.length - 1 }));

const surfaces = ['bg-bg', 'bg-panel', 'bg-raised', 'bg-sunken', 'bg-hover', 'bg-press', 'bg-line', 'bg-line-strong', 'bg-control-line', 'bg-fg', 'bg-fg-2', 'bg-fg-muted', 'bg-fg-faint', 'bg-accent', 'bg-accent-tint'];
const states = ['bg-ok', 'bg-ok-fill', 'bg-ok-tint', 'bg-warn', 'bg-warn-fill', 'bg-warn-tint', 'bg-err', 'bg-err-fill', 'bg-err-tint', 'bg-info', 'bg-info-fill', 'bg-info-tint', 'bg-type-claude', 'bg-type-openai', 'bg-type-gemini'];

function Swatches({ names }: { names: string[] }) {
  return (
    <ul className="grid grid-cols-5 gap-2">
      {names.map((name) => (
        <li key={name} className="text-11 text-fg-muted">
          <span className={cn('mb-1 block h-6 rounded-sm border border-line', name)} />
          {name.slice(3)}
        </li>
      ))}
    </ul>
  );
}

/** Every component in its states, to look at and to compare with. Its words are not translated. */
export function GalleryPage() {
  const [search, setSearch] = useState('');
  const [on, setOn] = useState(true);
  const [choice, setChoice] = useState('all');
  const [asking, setAsking] = useState(false);
  const none = () => undefined;
  return (
    <main className="h-full">
    <PanelPage>
      <header className="mb-4 flex items-center gap-3">
        <h1 className="text-20 font-semibold">Components and states</h1>
        <ThemeMenu />
      </header>
      <div className="grid grid-cols-1 gap-4 md:grid-cols-2 xl:grid-cols-3">
        <Box title="Buttons">
          <div className="flex flex-wrap gap-2">
            <Button tone="primary">
              <Plus size={14} /> Primary
            </Button>
            <Button>Secondary</Button>
            <Button tone="ghost">Ghost</Button>
            <Button tone="danger">Delete…</Button>
            <Button disabled>Disabled</Button>
            <Button tone="primary" busy>
              Saving
            </Button>
            <Button size="sm">Small</Button>
            <Button tone="dashed" size="sm">
              Dashed
            </Button>
            <Button iconOnly aria-label="More">
              <MoreHorizontal size={16} />
            </Button>
          </div>
        </Box>
        <Box title="Inputs">
          <div className="grid grid-cols-2 gap-3">
            <TextField label="Default" value="Default" onValue={none} />
            <TextField label="Empty" value="" placeholder="Example" onValue={none} />
            <TextField label="Error" value="0" error="Leave it empty for no limit." onValue={none} />
            <TextField label="Changed" value="50" suffix="was 30" help="Changed, not saved" onValue={none} />
            <TextField label="Warning" value="24" warning="Above 20: opens late" onValue={none} />
            <TextField label="Disabled" value="Read only" disabled onValue={none} />
            <Switch label="Switch" checked={on} onChange={setOn}>
              Switch
            </Switch>
            <Checkbox label="Checkbox" checked={on} onChange={setOn} />
          </div>
        </Box>
        <Box title="State: shape, colour, word">
          <div className="grid grid-cols-2 gap-2 text-13">
            <State tone="ok">closed, healthy, 2xx</State>
            <State tone="half">half-open, retrying</State>
            <State tone="open">open, failed, 5xx</State>
            <State tone="limited">4xx, limited, blocked</State>
            <State tone="live">streaming, in flight</State>
            <State tone="off">disabled, no data</State>
          </div>
          <div className="mt-3 flex flex-wrap gap-1.5">
            <Badge tone="ok">200</Badge>
            <Badge tone="limited">429</Badge>
            <Badge tone="open">529</Badge>
            <Badge tone="live">live</Badge>
            <Badge tone="accent">manual</Badge>
            <Badge>seed</Badge>
            <Badge tone="outline">cloud</Badge>
          </div>
        </Box>
        <Box title="Quota bar">
          <div className="grid grid-cols-2 gap-4">
            {[
              [12.4, 40],
              [34.1, 40],
              [40, 40],
              [0, 40],
              [18.2, null],
              [0.4, 40],
            ].map(([used, limit], i) => (
              <QuotaBar key={i} used={used ?? 0} limit={limit} label="Example" format={usd} formatLimit={usdLimit} />
            ))}
          </div>
        </Box>
        <Box title="Route ribbon">
          <ul className="flex flex-col gap-1.5 text-12 text-fg-muted">
            {ribbons.map(([name, ribbon]) => (
              <li key={name} className="flex items-center gap-4">
                <span className="w-24">
                  <RouteRibbon ribbon={ribbon} />
                </span>
                {name}
              </li>
            ))}
          </ul>
        </Box>
        <Box title="Sparkline">
          <div className="flex gap-6">
            <Sparkline values={[1, 2, 2, 3, 5, 8, 7, 9, 8]} />
            <Sparkline values={[9, 9, 8, 9, 7, 4, 2, 3]} className="text-err" />
          </div>
        </Box>
        <Box title="Column chart">
          <ColumnChart columns={columns} label="Spend by day" format={usd} labels={7} heads={['Time', 'Spend']} />
        </Box>
        <Box title="Filter bar">
          <div className="flex flex-wrap gap-2">
            <SearchBox value={search} onValue={setSearch} label="Search" />
            <FilterChip label="Group" value="core" onClear={none} options={[]} />
            <FilterChip label="Filter" onClear={none} options={[{ label: 'Example', onSelect: none }]} />
            <QuickChip on={false} onChange={none}>
              Errors
            </QuickChip>
            <QuickChip on onChange={none}>
              With retries
            </QuickChip>
            <Segmented
              label="State"
              value={choice}
              onChange={setChoice}
              options={[
                { value: 'all', label: 'All 47' },
                { value: 'streaming', label: 'Streaming 31' },
                { value: 'idle', label: 'Idle 16' },
              ]}
            />
          </div>
        </Box>
        <Box title="Toasts, dialog, menu">
          <div className="flex flex-wrap gap-2">
            <Button onClick={() => showToast({ tone: 'ok', title: 'Weight set to 65', detail: 'Northwind Relay', action: { label: 'Undo', run: none } })}>Success</Button>
            <Button onClick={() => showToast({ tone: 'open', title: 'Changed by someone else', detail: '409 · req_01KAE7' })}>Error</Button>
            <Button onClick={() => setAsking(true)}>Dialog</Button>
            <Menu
              groups={[
                [
                  { label: 'Edit', icon: <Pencil size={14} />, onSelect: none },
                  { label: 'Test', icon: <FlaskConical size={14} />, onSelect: none },
                  { label: 'Reset breaker', icon: <RotateCcw size={14} />, onSelect: none },
                ],
                [{ label: 'Delete', icon: <Trash2 size={14} />, danger: true, onSelect: none }],
              ]}
              trigger={<Button>Menu</Button>}
            />
          </div>
        </Box>
        <Box title="Empty state">
          <Empty title="No sessions in the last 5 minutes" actions={<Button tone="primary">Set up a client</Button>}>
            They appear as soon as a client sends a request.
          </Empty>
        </Box>
        <Box title="Loading, error, forbidden">
          <Skeleton rows={3} />
          <ErrorNotice error={new ApiError(503, { errorCode: 'dependency.unavailable', requestId: 'req_01KAE7' })} title="Requests could not be loaded" onRetry={none} />
          <ErrorNotice error={new ApiError(403, { errorCode: 'auth.forbidden' })} title="" className="mt-3" />
        </Box>
        <Box title="Surface and text">
          <Swatches names={surfaces} />
        </Box>
        <Box title="State colours">
          <Swatches names={states} />
        </Box>
      </div>
      {asking && <Confirm title="Delete user Erik Holm?" description="Removes 1 key. Log rows keep the name." confirmLabel="Delete user" typeName="Erik Holm" onConfirm={() => setAsking(false)} onClose={() => setAsking(false)} />}
    </PanelPage>
    </main>
  );
}
