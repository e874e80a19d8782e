// Streams one chat and one response, then shows which error a wrong key is.
const OpenAI = require('openai');
const client = (apiKey) => new OpenAI({ apiKey, baseURL: process.env.BASE + '/v1', maxRetries: 0 });

(async () => {
  const hub = client(process.env.KEY);
  const request = { model: 'model-1', messages: [{ role: 'user', content: 'hi' }] };
  const result = { text: '', chunks: 0, response: '' };
  for await (const chunk of await hub.chat.completions.create({ ...request, stream: true })) {
    result.text += chunk.choices[0].delta.content ?? '';
    result.chunks++;
  }
  for await (const event of await hub.responses.create({ model: 'model-1', input: 'hi', stream: true })) {
    if (event.type === 'response.output_text.delta') result.response += event.delta;
    if (event.type === 'response.completed') result.output = event.response.usage.output_tokens;
  }
  result.models = [];
  for await (const m of hub.models.list()) result.models.push(m.id);
  try {
    await client('sk-wrong').chat.completions.create(request);
  } catch (e) {
    result.error = { name: e.constructor.name, status: e.status, type: e.type, code: e.code };
  }
  console.log(JSON.stringify(result));
})();
