// A conversation of two streamed turns, a tool call and thinking, with a model
// of another vendor.
const OpenAI = require('openai');
const client = new OpenAI({ apiKey: process.env.KEY, baseURL: process.env.BASE + '/v1', maxRetries: 0 });

(async () => {
  const input = [{ role: 'user', content: 'go' }];
  const turns = [];
  for (let turn = 0; turn < 2; turn++) {
    const stream = client.responses.stream({
      model: process.env.MODEL, input, store: false, reasoning: { effort: 'medium', summary: 'auto' }, include: ['reasoning.encrypted_content'],
      tools: [{ type: 'function', name: 'get_weather', description: 'weather', strict: false, parameters: { type: 'object', properties: { city: { type: 'string' } } } }],
    });
    const final = await stream.finalResponse();
    const of = (type) => final.output.filter((item) => item.type === type);
    const calls = of('function_call').map(({ call_id, name, arguments: args }) => ({ id: call_id, name, args: JSON.parse(args) }));
    turns.push({
      text: of('message').flatMap((m) => m.content).map((c) => c.text ?? '').join(''),
      thinking: of('reasoning').flatMap((r) => r.summary).map((s) => s.text).join('\n\n'),
      calls, stop: final.status,
    });
    input.push(...final.output.map(({ parsed_arguments, ...item }) => item));
    input.push(...calls.map(({ id }) => ({ type: 'function_call_output', call_id: id, output: 'sunny-7' })));
  }
  console.log(JSON.stringify(turns));
})();
