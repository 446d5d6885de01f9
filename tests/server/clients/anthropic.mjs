// The scenarios of AnthropicClientTests with Anthropic's client for JavaScript. Prints one line per scenario: "ok NAME" or "failed NAME: ERROR".
import Anthropic from '@anthropic-ai/sdk';
import assert from 'node:assert/strict';

const [, , baseURL, apiKey, model] = process.argv;
const client = new Anthropic({ baseURL, apiKey, maxRetries: 0 });
const messages = [{ role: 'user', content: 'What is the capital of France?' }];
const base = { model, messages, max_tokens: 100 };
const paris = 'The capital of France is Paris.';
const schema = {
  type: 'object',
  properties: { name: { type: 'string', minLength: 1, maxLength: 10 }, age: { type: 'integer', minimum: 0, maximum: 130 } },
  required: ['name', 'age'],
  additionalProperties: false,
};
const tools = ['person', 'other'].map(name => ({ name, description: 'd', input_schema: schema }));
const any = { ...base, max_tokens: 200, temperature: 0, tools, tool_choice: { type: 'any', disable_parallel_tool_use: true } };
const checkPerson = value => {
  assert.deepEqual(Object.keys(value), ['name', 'age']);
  assert.ok(Number.isInteger(value.age) && value.age >= 0 && value.age <= 130, JSON.stringify(value));
};
const weather = { ...base, tools: [{ name: 'weather', input_schema: { type: 'object' } }], thinking: { type: 'enabled', budget_tokens: 50 } };
const checkThinking = message => {
  assert.deepEqual(message.content.map(block => block.type), ['thinking', 'text', 'tool_use']);
  const [thinking, text, call] = message.content;
  assert.deepEqual([thinking.thinking, thinking.signature, text.text, call.name], ['Look.', '', 'I look.', 'weather']);
  assert.deepEqual(call.input, { city: 'Paris' });
  assert.equal(message.stop_reason, 'tool_use');
};

const demo = {
  async message() {
    const answer = await client.messages.create(base);
    assert.deepEqual(answer.content, [{ type: 'text', text: paris }]);
    assert.deepEqual([answer.type, answer.role, answer.stop_reason, answer.stop_sequence], ['message', 'assistant', 'end_turn', null]);
    assert.ok(answer.usage.input_tokens + answer.usage.cache_read_input_tokens > 0 && answer.usage.output_tokens > 0);
    assert.ok(answer._request_id);
  },
  async system() {
    const answer = await client.messages.create({ ...base, system: [{ type: 'text', text: 'You are a helpful assistant.' }] });
    assert.equal(answer.content[0].type, 'text');
  },
  async stream() {
    let text = '', end = null;
    for await (const event of await client.messages.create({ ...base, stream: true })) {
      if (event.type === 'content_block_delta') text += event.delta.text;
      if (event.type === 'message_delta') end = event;
    }
    assert.equal(text, paris);
    assert.equal(end.delta.stop_reason, 'end_turn');
    assert.ok(end.usage.output_tokens > 0);
  },
  async stream_helper() {
    const stream = client.messages.stream(base);
    let text = '';
    stream.on('text', part => text += part);
    const message = await stream.finalMessage();
    assert.equal(text, paris);
    assert.deepEqual(message.content.map(block => block.text), [paris]);
    assert.equal(message.stop_reason, 'end_turn');
  },
  async count_tokens() {
    const { input_tokens } = await client.messages.countTokens({ model, messages });
    const { usage } = await client.messages.create(base);
    assert.equal(input_tokens, usage.input_tokens + usage.cache_read_input_tokens);
  },
  async stop() {
    const answer = await client.messages.create({ ...base, stop_sequences: [' of'] });
    assert.deepEqual([answer.content[0].text, answer.stop_reason, answer.stop_sequence], ['The capital', 'stop_sequence', ' of']);
  },
  async length() {
    assert.equal((await client.messages.create({ ...base, max_tokens: 2 })).stop_reason, 'max_tokens');
  },
  async tools() {
    const answer = await client.messages.create(any);
    assert.equal(answer.stop_reason, 'tool_use');
    assert.deepEqual(answer.content.map(block => block.type), ['tool_use']);
    checkPerson(answer.content[0].input);
    const named = await client.messages.create({ ...any, tool_choice: { type: 'tool', name: 'other' } });
    assert.deepEqual(named.content.map(block => block.name), ['other']);
  },
  async tool_stream() {
    const streamed = await client.messages.stream(any).finalMessage(), whole = await client.messages.create(any);
    assert.equal(streamed.stop_reason, 'tool_use');
    assert.deepEqual(streamed.content.map(block => [block.name, block.input]), whole.content.map(block => [block.name, block.input]));
  },
  async tool_result() {
    const first = await client.messages.create(any);
    const results = first.content.map(call => ({ type: 'tool_result', tool_use_id: call.id, content: [{ type: 'text', text: 'done' }] }));
    const answer = await client.messages.create({
      ...base, tools, messages: [...messages, { role: 'assistant', content: first.content }, { role: 'user', content: results }] });
    assert.equal(answer.role, 'assistant');
  },
  async json_schema() {
    const answer = await client.messages.create({ ...base, max_tokens: 200, output_config: { format: { type: 'json_schema', schema } } });
    checkPerson(JSON.parse(answer.content[0].text));
  },
  async errors() {
    await assert.rejects(client.messages.create({ ...base, temperature: -1 }),
      e => e instanceof Anthropic.BadRequestError && e.type === 'invalid_request_error' && /temperature/.test(e.message));
    await assert.rejects(client.messages.create({ ...base, model: 'other' }), e => e instanceof Anthropic.NotFoundError && e.type === 'not_found_error');
    await assert.rejects(new Anthropic({ baseURL, apiKey: 'wrong', maxRetries: 0 }).messages.create(base),
      e => e instanceof Anthropic.AuthenticationError && e.type === 'authentication_error');
    await assert.rejects(client.messages.create({ ...base, thinking: { type: 'enabled', budget_tokens: 50 } }), /does not reason/);
  },
  async cancel() {
    let events = 0;
    for await (const _ of await client.messages.create({ ...base, max_tokens: 3000, stream: true })) if (++events === 4) break;
    assert.equal(events, 4);
  },
  async parallel() {
    const answers = await Promise.all(Array.from({ length: 16 }, () => client.messages.stream(base).finalText()));
    assert.ok(answers.every(text => text === paris));
  },
};

const scripted = {
  async thinking() {
    checkThinking(await client.messages.create(weather));
  },
  async thinking_stream() {
    const stream = client.messages.stream(weather);
    let thoughts = '';
    stream.on('thinking', part => thoughts += part);
    checkThinking(await stream.finalMessage());
    assert.equal(thoughts, 'Look.');
  },
};

for (const [name, run] of Object.entries(model === 'scripted' ? scripted : demo)) {
  try {
    await run();
    console.log(`ok ${name}`);
  } catch (error) {
    console.log(`failed ${name}: ${String(error.message ?? error).replaceAll('\n', ' ')}`);
  }
}
