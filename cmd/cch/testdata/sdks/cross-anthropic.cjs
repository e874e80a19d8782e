// A conversation of two streamed turns, a tool call and thinking, with a model
// of another vendor.
const Anthropic = require('@anthropic-ai/sdk');
const client = new Anthropic({ apiKey: process.env.KEY, baseURL: process.env.BASE, maxRetries: 0 });

(async () => {
  const messages = [{ role: 'user', content: 'go' }];
  const turns = [];
  for (let turn = 0; turn < 2; turn++) {
    const final = await client.messages.stream({
      model: process.env.MODEL, max_tokens: 20000, thinking: { type: 'enabled', budget_tokens: 2048 }, messages,
      tools: [{ name: 'get_weather', description: 'weather', input_schema: { type: 'object', properties: { city: { type: 'string' } } } }],
    }).finalMessage();
    const of = (type) => final.content.filter((block) => block.type === type);
    const calls = of('tool_use').map(({ id, name, input }) => ({ id, name, args: input }));
    turns.push({ text: of('text').map((b) => b.text).join(''), thinking: of('thinking').map((b) => b.thinking).join(''), calls, stop: final.stop_reason });
    messages.push({ role: 'assistant', content: final.content });
    messages.push({ role: 'user', content: calls.map(({ id }) => ({ type: 'tool_result', tool_use_id: id, content: 'sunny-7' })) });
  }
  console.log(JSON.stringify(turns));
})();
