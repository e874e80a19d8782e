// A conversation of two streamed turns, a tool call and thinking, with a model
// of another vendor.
const OpenAI = require('openai');
const client = new OpenAI({ apiKey: process.env.KEY, baseURL: process.env.BASE + '/v1', maxRetries: 0 });

(async () => {
  const messages = [{ role: 'user', content: 'go' }];
  const turns = [];
  for (let turn = 0; turn < 2; turn++) {
    const stream = client.chat.completions.stream({
      model: process.env.MODEL, messages, reasoning_effort: 'medium',
      tools: [{ type: 'function', function: { name: 'get_weather', description: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } } }],
    });
    let thinking = '';
    const extra = {}; // what the library does not know
    for await (const chunk of stream) {
      const delta = chunk.choices[0]?.delta ?? {};
      thinking += delta.reasoning_content ?? '';
      for (const call of delta.tool_calls ?? []) if (call.extra_content) extra[call.index] = call.extra_content;
    }
    const { message, finish_reason } = (await stream.finalChatCompletion()).choices[0];
    const made = (message.tool_calls ?? []).map(({ id, type, function: { name, arguments: args } }, i) => ({
      id, type, function: { name, arguments: args }, ...(extra[i] && { extra_content: extra[i] }),
    }));
    const calls = made.map((call) => ({ id: call.id, name: call.function.name, args: JSON.parse(call.function.arguments) }));
    turns.push({ text: message.content ?? '', thinking, calls, stop: finish_reason });
    messages.push({ role: 'assistant', content: message.content, tool_calls: made });
    messages.push(...calls.map(({ id }) => ({ role: 'tool', tool_call_id: id, content: 'sunny-7' })));
  }
  console.log(JSON.stringify(turns));
})();
