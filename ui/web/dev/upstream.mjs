// A small Claude upstream for trying the dashboard by hand: streams a reply, or
// fails below /fail. Development only. Prints its address.
import { createServer } from 'node:http';

const frames = [
  ['message_start', { type: 'message_start', message: { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-haiku-4-5', content: [], usage: { input_tokens: 12, output_tokens: 1 } } }],
  ['content_block_start', { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }],
  ...'pong. Hello from upstream.'.split(/(?<= )/).map((text) => ['content_block_delta', { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }]),
  ['content_block_stop', { type: 'content_block_stop', index: 0 }],
  ['message_delta', { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 9 } }],
  ['message_stop', { type: 'message_stop' }],
];

const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    if (request.url.startsWith('/fail')) {
      response.writeHead(529, { 'Content-Type': 'application/json' });
      return response.end('{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}');
    }
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    let i = 0;
    const timer = setInterval(() => {
      const frame = frames[i++];
      if (!frame) {
        clearInterval(timer);
        return response.end();
      }
      response.write(`event: ${frame[0]}\ndata: ${JSON.stringify(frame[1])}\n\n`);
    }, 20);
  });
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
