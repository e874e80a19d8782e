// A conversation of two streamed turns, a tool call and thinking, with a model
// of another vendor.
const { GoogleGenAI } = require('@google/genai');
const client = new GoogleGenAI({ apiKey: process.env.KEY, httpOptions: { baseUrl: process.env.BASE } });

(async () => {
  const contents = [{ role: 'user', parts: [{ text: 'go' }] }];
  const turns = [];
  for (let turn = 0; turn < 2; turn++) {
    const parts = [];
    let stop;
    const stream = await client.models.generateContentStream({
      model: process.env.MODEL, contents,
      config: {
        thinkingConfig: { includeThoughts: true, thinkingBudget: 2048 },
        tools: [{ functionDeclarations: [{ name: 'get_weather', description: 'weather', parametersJsonSchema: { type: 'object', properties: { city: { type: 'string' } } } }] }],
      },
    });
    for await (const chunk of stream) {
      parts.push(...(chunk.candidates?.[0]?.content?.parts ?? []));
      stop = chunk.candidates?.[0]?.finishReason ?? stop;
    }
    const calls = parts.filter((p) => p.functionCall).map(({ functionCall: { id, name, args } }) => ({ id, name, args }));
    const said = (thought) => parts.filter((p) => p.text && !!p.thought === thought).map((p) => p.text).join('');
    turns.push({ text: said(false), thinking: said(true), calls, stop });
    contents.push({ role: 'model', parts: parts.filter((p) => !p.thought) }); // as Gemini CLI keeps it
    contents.push({ role: 'user', parts: calls.map(({ id, name }) => ({ functionResponse: { id, name, response: { output: 'sunny-7' } } })) });
  }
  console.log(JSON.stringify(turns));
})();
