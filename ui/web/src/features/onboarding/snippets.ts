/**
 * Ready settings for the usual clients. Pure: origin and key are arguments, so
 * that a test can parse every snippet.
 */
export const clients = ['claude', 'codex', 'gemini', 'opencode', 'curl'] as const;
export type Client = (typeof clients)[number];

export interface Snippet {
  /** Where the text belongs; undefined for a shell command. */
  file: string | undefined;
  text: string;
}

/** Stands where a key belongs when none is known. */
export const KEY_PLACEHOLDER = 'sk-your-key';

const json = (value: unknown): string => JSON.stringify(value, null, 2);

/** What a client needs to speak through this gateway, in the order to apply it. */
export function snippets(client: Client, origin: string, key: string): Snippet[] {
  switch (client) {
    case 'claude':
      return [{ file: '~/.claude/settings.json', text: json({ env: { ANTHROPIC_BASE_URL: origin, ANTHROPIC_AUTH_TOKEN: key } }) }];
    case 'codex':
      return [
        {
          file: '~/.codex/config.toml',
          text: [
            'model_provider = "cch"',
            '',
            '[model_providers.cch]',
            'name = "Claude Code Hub"',
            `base_url = "${origin}/v1"`,
            'wire_api = "responses"',
            'env_key = "CCH_API_KEY"',
          ].join('\n'),
        },
        { file: undefined, text: `export CCH_API_KEY=${key}` },
      ];
    case 'gemini':
      return [{ file: undefined, text: `export GOOGLE_GEMINI_BASE_URL=${origin}\nexport GEMINI_API_KEY=${key}` }];
    case 'opencode':
      return [
        {
          file: '~/.config/opencode/opencode.json',
          text: json({
            $schema: 'https://opencode.ai/config.json',
            provider: {
              anthropic: { npm: '@ai-sdk/anthropic', options: { baseURL: `${origin}/v1`, apiKey: key } },
              openai: { npm: '@ai-sdk/openai', options: { baseURL: `${origin}/v1`, apiKey: key } },
              google: { npm: '@ai-sdk/google', options: { baseURL: `${origin}/v1beta`, apiKey: key } },
            },
          }),
        },
      ];
    case 'curl':
      return [{ file: undefined, text: curl(origin, key) }];
  }
}

function curl(origin: string, key: string): string {
  const body = { model: 'claude-sonnet-4-5', max_tokens: 64, messages: [{ role: 'user', content: 'Say hello.' }] };
  return [
    `curl ${origin}/v1/messages \\`,
    `  -H 'Authorization: Bearer ${key}' \\`,
    `  -H 'Content-Type: application/json' \\`,
    `  -H 'anthropic-version: 2023-06-01' \\`,
    `  -d '${JSON.stringify(body)}'`,
  ].join('\n');
}
