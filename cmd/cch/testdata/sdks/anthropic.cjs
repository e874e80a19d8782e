// Streams one message, then shows which error a wrong key is.
const Anthropic = require('@anthropic-ai/sdk');
const client = (apiKey) => new Anthropic({ apiKey, baseURL: process.env.BASE, maxRetries: 0 });

(async () => {
  const request = { model: 'model-1', max_tokens: 64, messages: [{ role: 'user', content: 'hi' }] };
  const final = await client(process.env.KEY).messages.stream(request).finalMessage();
  const models = [];
  for await (const m of client(process.env.KEY).models.list()) models.push(m.id);
  const result = { text: final.content[0].text, input: final.usage.input_tokens, output: final.usage.output_tokens, models };
  try {
    await client('sk-wrong').messages.create(request);
  } catch (e) {
    result.error = { name: e.constructor.name, status: e.status, type: e.error?.error?.type };
  }
  console.log(JSON.stringify(result));
})();
