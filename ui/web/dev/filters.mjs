// Invented request filters and groups for mock.mjs.
const at = '2026-11-19T14:00:00Z';

export const groups = ['default', 'core', 'research'].map((name, i) => ({ id: i + 1, version: 1, name, costMultiplier: 1, description: null }));

const filter = (id, name, extra) => ({
  id, version: 1, name, isEnabled: true, priority: 0, binding: 'global', providerIds: [], groupIds: [], phase: 'guard', mode: 'simple', scope: 'header', action: 'set',
  matchType: null, target: null, replacement: null, operations: [], createdAt: at, updatedAt: at, ...extra,
});

export const filters = [
  filter(1, 'Hide pasted keys', { priority: -10, scope: 'body', action: 'text_replace', matchType: 'regex', target: 'sk-[A-Za-z0-9_-]{20,}', replacement: '[key]' }),
  filter(2, 'Name the team', { target: 'X-Team', replacement: 'platform', binding: 'providers', providerIds: [4, 5], phase: 'final' }),
  filter(3, 'No beta headers', { action: 'remove', target: 'Anthropic-Beta', binding: 'groups', groupIds: [1, 3], isEnabled: false }),
  filter(4, 'Cooler answers', { priority: 5, scope: 'body', action: 'json_path', target: 'temperature', replacement: 0.2 }),
  filter(5, 'Tag and tidy', {
    priority: 10, mode: 'advanced', scope: null, action: null,
    operations: [{ op: 'merge', path: 'metadata', value: { team: 'core' } }, { op: 'remove', path: 'tools', matcher: { field: 'name', value: 'WebFetch' } }],
  }),
];
