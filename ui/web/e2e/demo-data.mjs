// Providers, users, filters and requests for pictures of a hub in use. Every upstream is
// the same demo upstream; one of them answers 529 until its breaker opens.

const providers = [
  { name: 'Anthropic Direct', type: 'claude', priority: 0, weight: 60, groups: ['default', 'core'], limitConcurrentRequests: 40 },
  { name: 'Kestrel EU', type: 'claude', priority: 0, weight: 30, costMultiplier: 0.82, path: '/fault/529', limitConcurrentRequests: 20 },
  { name: 'Northwind Relay', type: 'claude', priority: 5, weight: 50, costMultiplier: 0.85, dailyLimitUsd: 50, modelRedirects: [{ matchType: 'prefix', source: 'claude-3-', target: 'claude-haiku-4-5' }] },
  { name: 'Sable Proxy', type: 'claude', priority: 9, costMultiplier: 0.7, isEnabled: false },
  { name: 'OpenAI Platform', type: 'codex', priority: 0, weight: 70, groups: ['default', 'core'] },
  { name: 'Lab vLLM', type: 'openai-compatible', priority: 9, costMultiplier: 0 },
  { name: 'Gemini API', type: 'gemini', priority: 0, weight: 60 },
];

const users = [
  { name: 'Priya Raman', description: 'Platform', limit5hUsd: 40, dailyLimitUsd: 120, limitMonthlyUsd: 2000, limitConcurrentSessions: 6, limitConcurrentRequests: 10, rpmLimit: 120 },
  { name: 'Jonas Weber', description: 'Platform', limitConcurrentSessions: 6, rpmLimit: 60 },
  { name: 'Mei Tanaka', description: 'Research', limitConcurrentSessions: 4, expiresAt: '2031-01-31T23:59:59Z' },
  { name: 'CI nightly', description: 'Automation', limitConcurrentRequests: 4 },
  { name: 'Tom Becker', description: 'Interns', rpmLimit: 2 },
];

const filters = [
  { name: 'Hide pasted keys', priority: -10, scope: 'body', action: 'text_replace', matchType: 'regex', target: 'sk-[A-Za-z0-9_-]{20,}', replacement: '[key]' },
  { name: 'Name the team', phase: 'final', scope: 'header', action: 'set', target: 'X-Team', replacement: 'platform' },
  { name: 'No beta headers', isEnabled: false, scope: 'header', action: 'remove', target: 'Anthropic-Beta' },
  { name: 'Tag requests', priority: 10, mode: 'advanced', operations: [{ op: 'merge', path: 'metadata', value: { team: 'platform' } }] },
];

const models = ['claude-opus-5', 'claude-sonnet-5', 'claude-haiku-4-5', 'claude-sonnet-5', 'claude-3-5-haiku'];
const rounds = 8;

function client(base, token) {
  return async (path, body) => {
    const response = await fetch(`${base}/api/v1${path}`, { method: 'POST', headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
}

/** One streamed request of a user's session; a refusal is a row worth seeing too. */
async function ask(base, key, session, model, prompt) {
  const response = await fetch(`${base}/v1/messages`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json', 'anthropic-version': '2023-06-01', 'User-Agent': 'claude-cli/2.1.197 (external, cli)' },
    body: JSON.stringify({
      model, max_tokens: 256, stream: true, messages: [{ role: 'user', content: prompt }],
      metadata: { user_id: `user_${'0'.repeat(64)}_account__session_${session}` },
    }),
  });
  await response.text();
}

/** Fills a fresh hub and answers with a user's key; one that has providers already is left as it is. */
export async function fillHub(base, token, upstream) {
  const state = await fetch(`${base}/api/v1/setup/state`, { headers: { Authorization: `Bearer ${token}` } }).then((response) => response.json());
  if (state.providers > 0) return undefined;
  const post = client(base, token);
  for (const { path = '', ...provider } of providers) await post('/providers', { key: 'sk-demo-upstream-2be6', url: upstream + path, ...provider });
  for (const filter of filters) await post('/request-filters', filter);
  const people = [];
  for (const user of users) {
    const created = await post('/users', user);
    const { secret } = await post(`/users/${created.user.id}/keys`, { name: 'laptop', canLoginWebUi: true });
    people.push({ secret, session: crypto.randomUUID() });
  }
  for (let round = 0; round < rounds; round++) {
    await Promise.all(people.map(({ secret, session }, i) => ask(base, secret, round === 4 ? crypto.randomUUID() : session, models[(round + i) % models.length], `Question ${round} of ${users[i].name}`)));
  }
  return people[0].secret;
}
