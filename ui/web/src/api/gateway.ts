/** A first request through the gateway itself, made with a user's key. */
import { boot } from '@/boot';
import { readProblem } from './error';
import type { ProviderType } from './types';

/** How one wire protocol asks for a streamed reply and where its text is. */
export interface Protocol {
  path: (model: string) => string;
  body: (model: string, prompt: string) => unknown;
  headers: (key: string) => Record<string, string>;
  text: (event: unknown) => string | undefined;
  /** A small model that providers of the type usually have. */
  model: string;
}

const bearer = (key: string) => ({ Authorization: `Bearer ${key}` });

const claude: Protocol = {
  path: () => 'v1/messages',
  body: (model, prompt) => ({ model, max_tokens: 256, stream: true, messages: [{ role: 'user', content: prompt }] }),
  headers: (key) => ({ ...bearer(key), 'anthropic-version': '2023-06-01' }),
  text: (event) => (event as { delta?: { text?: string } }).delta?.text,
  model: 'claude-haiku-4-5-20251001',
};

const chat: Protocol = {
  path: () => 'v1/chat/completions',
  body: (model, prompt) => ({ model, stream: true, messages: [{ role: 'user', content: prompt }] }),
  headers: bearer,
  text: (event) => (event as { choices?: { delta?: { content?: string } }[] }).choices?.[0]?.delta?.content,
  model: 'gpt-4.1-mini',
};

const responses: Protocol = {
  path: () => 'v1/responses',
  body: (model, prompt) => ({ model, stream: true, store: false, input: [{ role: 'user', content: [{ type: 'input_text', text: prompt }] }] }),
  headers: bearer,
  text: (event) => {
    const delta = event as { type?: string; delta?: unknown };
    return delta.type === 'response.output_text.delta' && typeof delta.delta === 'string' ? delta.delta : undefined;
  },
  model: 'gpt-5.5',
};

const gemini: Protocol = {
  path: (model) => `v1beta/models/${encodeURIComponent(model)}:streamGenerateContent?alt=sse`,
  body: (_, prompt) => ({ contents: [{ role: 'user', parts: [{ text: prompt }] }] }),
  headers: (key) => ({ 'x-goog-api-key': key }),
  text: (event) => (event as { candidates?: { content?: { parts?: { text?: string }[] } }[] }).candidates?.[0]?.content?.parts?.map((part) => part.text ?? '').join(''),
  model: 'gemini-2.5-flash',
};

/** The protocol in which a provider of the type can answer without conversion. */
export function protocolOf(type: ProviderType): Protocol {
  switch (type) {
    case 'codex':
      return responses;
    case 'openai-compatible':
      return chat;
    case 'gemini':
    case 'gemini-cli':
      return gemini;
    default:
      return claude;
  }
}

/** The text of one event-stream line; empty for everything that carries none. */
export function deltaText(protocol: Protocol, line: string): string {
  if (!line.startsWith('data:')) return '';
  try {
    return protocol.text(JSON.parse(line.slice(5))) ?? '';
  } catch {
    return ''; // "[DONE]" and comments
  }
}

/**
 * Streams a reply and hands every piece of text to onText. Answers with the
 * request's id. The key goes into the protocol's header; cookies stay out of it.
 */
export async function sendFirstRequest(
  protocol: Protocol,
  { key, model, prompt }: { key: string; model: string; prompt: string },
  onText: (text: string) => void,
  signal: AbortSignal,
): Promise<string | undefined> {
  const response = await fetch(boot.basePath + protocol.path(model), {
    method: 'POST',
    credentials: 'omit',
    headers: { ...protocol.headers(key), 'Content-Type': 'application/json' },
    body: JSON.stringify(protocol.body(model, prompt)),
    signal,
  });
  if (!response.ok || response.body === null) throw await readProblem(response);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let pending = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    const lines = (pending + value).split('\n');
    pending = lines.pop() ?? '';
    for (const line of lines) {
      const text = deltaText(protocol, line.trim());
      if (text) onText(text);
    }
  }
  return response.headers.get('x-request-id') ?? undefined;
}
