// Streams one answer, then shows which error a wrong key is.
const { GoogleGenAI } = require('@google/genai');
const client = (apiKey) => new GoogleGenAI({ apiKey, httpOptions: { baseUrl: process.env.BASE } });

(async () => {
  const request = { model: 'model-1', contents: 'hi' };
  const result = { text: '' };
  for await (const chunk of await client(process.env.KEY).models.generateContentStream(request)) {
    result.text += chunk.text ?? '';
    result.output = chunk.usageMetadata.candidatesTokenCount;
  }
  try {
    await client('sk-wrong').models.generateContent(request);
  } catch (e) {
    result.error = { name: e.constructor.name, status: e.status, body: JSON.parse(e.message) };
  }
  console.log(JSON.stringify(result));
})();
