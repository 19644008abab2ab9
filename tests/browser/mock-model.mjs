// A stand-in for the Messages API on the loopback that says whatever it was told, word for word.
//
// The built-in demo model never repeats a person's mark-up, so what an agent says cannot be chosen
// with it. This one routes messages to one worker after the other and answers with the message itself,
// streamed in small pieces that are cut without regard for what they cut; the first document of a
// request is cited, so that memories are shown too.

import http from 'node:http';
import { sleep } from './support/wait.mjs';

// Code points in a piece: prime, so that cuts fall everywhere.
const PIECE = 7;

// Starts one; `pauseMs` says for a message what to wait before each piece of its answer, `reply` what
// to answer instead of the message itself, `refuse` with which status and seconds to refuse it instead, and
// `breakAfter` after how many pieces to drop the line. Returns how to point a server at it.
export async function startModel(t, plan = {}) {
  const { pauseMs = () => 0, reply = (words) => words, refuse = () => undefined, breakAfter = () => Infinity } = plan;
  const listener = http.createServer(async (request, response) => {
    const asked = JSON.parse(await body(request));
    const refused = refuse(lastWords(asked));
    if (refused) return refusal(response, refused);
    const blocks = [answer(asked, reply)];
    if (!asked.stream) return whole(response, asked, blocks);
    return stream(response, asked, blocks, pauseMs(lastWords(asked)), breakAfter(lastWords(asked)));
  });
  t.after(() => {
    listener.closeAllConnections();
    listener.close();
  });
  await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${listener.address().port}`;
  return { model: 'anthropic', environment: { ANTHROPIC_BASE_URL: address, ANTHROPIC_API_KEY: 'test-key' } };
}

async function body(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}

function answer(asked, reply) {
  if (asked.tool_choice?.type === 'tool') {
    return { type: 'tool_use', id: 'toolu_mock', name: asked.tool_choice.name, input: { agent: nextWorker(asked), reason: 'its turn' } };
  }
  return { type: 'text', text: reply(lastWords(asked)), citations: cited(asked) };
}

let turn = 0;

function nextWorker(asked) {
  const workers = asked.tools[0].input_schema.properties.agent.enum;
  turn += 1;
  return workers[turn % workers.length];
}

function content(asked) {
  const last = asked.messages.filter((message) => message.role === 'user').at(-1);
  return typeof last.content === 'string' ? [{ type: 'text', text: last.content }] : last.content;
}

function lastWords(asked) {
  return content(asked).filter((block) => block.type === 'text').at(-1).text;
}

function cited(asked) {
  const [first] = content(asked).filter((block) => block.type === 'document');
  if (!first) return [];
  const { data } = first.source;
  return [{ type: 'char_location', cited_text: data, document_index: 0, document_title: first.title, start_char_index: 0, end_char_index: [...data].length }];
}

function frame(asked, blocks) {
  const usage = { input_tokens: 1, output_tokens: 1 };
  return { id: 'msg_mock', type: 'message', role: 'assistant', model: asked.model, content: blocks, stop_reason: 'end_turn', stop_sequence: null, usage };
}

function whole(response, asked, blocks) {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(frame(asked, blocks)));
}

function refusal(response, { status, retryAfter }) {
  response.writeHead(status, { 'content-type': 'application/json', 'retry-after': retryAfter });
  response.end(JSON.stringify({ type: 'error', error: { type: 'rate_limit_error', message: 'too much at once' } }));
}

async function stream(response, asked, blocks, pauseMs, breakAfter) {
  let said = 0;
  response.setHeader('content-type', 'text/event-stream');
  const say = (event) => response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  say({ type: 'message_start', message: { ...frame(asked, []), stop_reason: null } });
  for (const [index, block] of blocks.entries()) {
    const [empty, deltas] = taken(block);
    say({ type: 'content_block_start', index, content_block: empty });
    for (const delta of deltas) {
      if (said === breakAfter) return response.destroy();
      if (pauseMs) await sleep(pauseMs);
      said += 1;
      say({ type: 'content_block_delta', index, delta });
    }
    say({ type: 'content_block_stop', index });
  }
  const reason = blocks[0].type === 'tool_use' ? 'tool_use' : 'end_turn';
  say({ type: 'message_delta', delta: { stop_reason: reason, stop_sequence: null }, usage: { output_tokens: 1 } });
  say({ type: 'message_stop' });
  response.end();
}

// A block as its empty beginning and the pieces that fill it.
function taken(block) {
  if (block.type === 'tool_use') {
    return [{ ...block, input: {} }, [{ type: 'input_json_delta', partial_json: JSON.stringify(block.input) }]];
  }
  const quotes = block.citations.map((citation) => ({ type: 'citations_delta', citation }));
  const words = pieces(block.text).map((text) => ({ type: 'text_delta', text }));
  return [{ ...block, text: '', citations: [] }, [...quotes, ...words]];
}

function pieces(text) {
  const points = [...text];
  const found = [];
  for (let at = 0; at < points.length; at += PIECE) found.push(points.slice(at, at + PIECE).join(''));
  return found;
}
