// The scenarios of OfficialClientTests with OpenAI's client for JavaScript. Prints one line per scenario: "ok NAME" or "failed NAME:
// ERROR".
import OpenAI from 'openai';
import assert from 'node:assert/strict';

const client = new OpenAI({ baseURL: process.argv[2] + '/v1', apiKey: process.argv[3], maxRetries: 0 });
const model = 'demo-model';
const messages = [{ role: 'user', content: 'What is the capital of France?' }];
const paris = 'The capital of France is Paris.';

const collect = async stream => {
  let text = '', finish = null, usage = null;
  for await (const chunk of stream) {
    const choice = chunk.choices[0];
    text += choice?.delta?.content ?? '';
    finish = choice?.finish_reason ?? finish;
    usage = chunk.usage ?? usage;
  }
  return { text, finish, usage };
};

const person = {
  type: 'object',
  properties: { name: { type: 'string', minLength: 1, maxLength: 10 }, age: { type: 'integer', minimum: 0, maximum: 130 } },
  required: ['name', 'age'],
  additionalProperties: false,
};
const tools = ['person', 'other'].map(name => ({ type: 'function', function: { name, strict: true, parameters: person } }));
const checkPerson = text => {
  const value = JSON.parse(text);
  assert.deepEqual(Object.keys(value), ['name', 'age']);
  assert.ok([...value.name].length >= 1 && [...value.name].length <= 10 && Number.isInteger(value.age) && value.age >= 0 && value.age <= 130, text);
};

const scenarios = {
  async models() {
    const list = await client.models.list();
    assert.deepEqual(list.data.map(m => m.id), [model]);
    assert.equal((await client.models.retrieve(model)).id, model);
  },
  async chat() {
    const answer = await client.chat.completions.create({ model, messages });
    assert.equal(answer.choices[0].message.content, paris);
    assert.equal(answer.choices[0].finish_reason, 'stop');
    assert.equal(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens);
  },
  async stream() {
    const { text, finish, usage } = await collect(await client.chat.completions.create(
      { model, messages, stream: true, stream_options: { include_usage: true } }));
    assert.equal(text, paris);
    assert.equal(finish, 'stop');
    assert.ok(usage.completion_tokens > 0);
  },
  async stream_helper() {
    const runner = client.chat.completions.stream({ model, messages });
    assert.equal(await runner.finalContent(), paris);
  },
  async several_answers() {
    const answer = await client.chat.completions.create({ model, messages, n: 2, temperature: 1, seed: 1 });
    assert.deepEqual(answer.choices.map(c => c.index), [0, 1]);
  },
  async logprobs() {
    const answer = await client.chat.completions.create({ model, messages, logprobs: true, top_logprobs: 2 });
    const content = answer.choices[0].logprobs.content;
    assert.equal(content.map(t => t.token).join(''), paris);
    assert.ok(content.every(t => t.top_logprobs.length === 2 && t.logprob <= 0));
  },
  async stop() {
    const answer = await client.chat.completions.create({ model, messages, stop: [' of'] });
    assert.equal(answer.choices[0].message.content, 'The capital');
  },
  async length() {
    const answer = await client.chat.completions.create({ model, messages, max_completion_tokens: 2 });
    assert.equal(answer.choices[0].finish_reason, 'length');
  },
  async tools() {
    const answer = await client.chat.completions.create({ model, messages, tools: [
      { type: 'function', function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } } }] });
    assert.equal(answer.choices[0].message.content, paris);
  },
  async json_object() {
    const answer = await client.chat.completions.create({ model, messages, max_tokens: 200, response_format: { type: 'json_object' } });
    const { content } = answer.choices[0].message;
    if (answer.choices[0].finish_reason === 'stop') assert.equal(typeof JSON.parse(content), 'object');
    else assert.ok(content.startsWith('{'));
  },
  async json_schema() {
    const format = { type: 'json_schema', json_schema: { name: 'person', strict: true, schema: person } };
    for (let seed = 0; seed < 5; seed++) {
      const answer = await client.chat.completions.create({ model, messages, seed, temperature: 2, max_tokens: 200, response_format: format });
      assert.equal(answer.choices[0].finish_reason, 'stop');
      checkPerson(answer.choices[0].message.content);
    }
    const parsed = await client.chat.completions.parse({ model, messages, max_tokens: 200, response_format: format });
    assert.equal(parsed.choices[0].finish_reason, 'stop');
    const text = await client.chat.completions.stream({ model, messages, max_tokens: 200, response_format: format }).finalContent();
    checkPerson(text);
    await assert.rejects(client.chat.completions.create({ model, messages, response_format:
      { type: 'json_schema', json_schema: { name: 's', schema: { not: {} } } } }), e => e.status === 400 && e.param === 'response_format');
  },
  async tools_required() {
    const request = { model, messages, tools, tool_choice: 'required', parallel_tool_calls: false, max_tokens: 200, temperature: 2 };
    for (let seed = 0; seed < 5; seed++) {
      const answer = await client.chat.completions.create({ ...request, seed });
      assert.equal(answer.choices[0].finish_reason, 'tool_calls');
      assert.equal(answer.choices[0].message.content, null);
      assert.equal(answer.choices[0].message.tool_calls.length, 1);
      checkPerson(answer.choices[0].message.tool_calls[0].function.arguments);
    }
    const [call] = (await client.chat.completions.stream({ ...request, seed: 1 }).finalMessage()).tool_calls;
    const [same] = (await client.chat.completions.create({ ...request, seed: 1 })).choices[0].message.tool_calls;
    assert.deepEqual(call.function.arguments, same.function.arguments);
    assert.equal(call.function.name, same.function.name);
  },
  async tools_named() {
    const tool_choice = { type: 'function', function: { name: 'other' } };
    const answer = await client.chat.completions.create({ model, messages, tools, tool_choice, max_tokens: 200 });
    assert.equal(answer.choices[0].finish_reason, 'stop');
    assert.deepEqual(answer.choices[0].message.tool_calls.map(c => c.function.name), ['other']);
    checkPerson(answer.choices[0].message.tool_calls[0].function.arguments);
    await assert.rejects(client.chat.completions.create({ model, messages, tools: [{ type: 'function', function: { name: 'f', parameters: { not: {} } } }],
      tool_choice: 'required' }), e => e.status === 400 && e.param === 'tools[0].function.parameters');
  },
  async completions() {
    const answer = await client.completions.create({ model, prompt: ['你好', 'Paris'], max_tokens: 3 });
    assert.deepEqual(answer.choices.map(c => c.index), [0, 1]);
    const { text } = await (async () => {
      let text = '';
      for await (const chunk of await client.completions.create({ model, prompt: '你好', max_tokens: 3, stream: true })) text += chunk.choices[0].text;
      return { text };
    })();
    assert.equal(text, answer.choices[0].text);
  },
  async errors() {
    await assert.rejects(client.chat.completions.create({ model, messages, temperature: -1 }),
      e => e instanceof OpenAI.BadRequestError && e.status === 400 && e.param === 'temperature');
    await assert.rejects(client.chat.completions.create({ model: 'other', messages }),
      e => e instanceof OpenAI.NotFoundError && e.code === 'model_not_found');
    await assert.rejects(new OpenAI({ baseURL: process.argv[2] + '/v1', apiKey: 'wrong', maxRetries: 0 }).models.list(),
      e => e instanceof OpenAI.AuthenticationError);
  },
  async cancel() {
    const stream = await client.chat.completions.create({ model, messages, stream: true, max_tokens: 3000, ignore_eos: true });
    let chunks = 0;
    for await (const _ of stream) if (++chunks === 5) break;
    assert.equal(chunks, 5);
  },
  async parallel() {
    const answers = await Promise.all(Array.from({ length: 64 }, async () =>
      collect(await client.chat.completions.create({ model, messages, stream: true }))));
    assert.ok(answers.every(a => a.text === paris && a.finish === 'stop'));
  },
  async responses() {
    const response = await client.responses.create({ model, input: messages[0].content, metadata: { a: 'b' } });
    assert.equal(response.output_text, paris);
    assert.equal(response.status, 'completed');
    assert.deepEqual(response.metadata, { a: 'b' });
    assert.equal(response.usage.total_tokens, response.usage.input_tokens + response.usage.output_tokens);
    const cut = await client.responses.create({ model, input: messages, max_output_tokens: 2 });
    assert.equal(cut.status, 'incomplete');
    assert.equal(cut.incomplete_details.reason, 'max_output_tokens');
    await assert.rejects(client.responses.create({ model, input: messages, tools: [{ type: 'web_search' }] }), e => e.status === 400 && e.param === 'tools');
  },
  async responses_stream() {
    const stream = client.responses.stream({ model, input: messages });
    let text = '', number = 0;
    for await (const event of stream) {
      assert.equal(event.sequence_number, number++);
      if (event.type === 'response.output_text.delta') text += event.delta;
    }
    assert.equal(text, paris);
    assert.equal((await stream.finalResponse()).output_text, paris);
  },
  async responses_tools() {
    const request = { model, input: messages, tools: tools.map(tool => ({ type: 'function', ...tool.function })), tool_choice: 'required',
      parallel_tool_calls: false, max_output_tokens: 200 };
    const [call] = (await client.responses.create(request)).output;
    assert.equal(call.type, 'function_call');
    checkPerson(call.arguments);
    const [same] = (await client.responses.stream(request).finalResponse()).output;
    assert.deepEqual([same.name, same.arguments], [call.name, call.arguments]);
    const next = await client.responses.create({ ...request, tool_choice: 'none',
      input: [...messages, call, { type: 'function_call_output', call_id: call.call_id, output: 'done' }] });
    assert.ok(next.output.every(item => item.type === 'message'));
  },
  async responses_json() {
    const text = { format: { type: 'json_schema', name: 'person', strict: true, schema: person } };
    const response = await client.responses.parse({ model, input: messages, text, max_output_tokens: 200 });
    checkPerson(response.output_text);
    assert.deepEqual(response.output_parsed, JSON.parse(response.output_text));
  },
  async responses_kept() {
    const first = await client.responses.create({ model, input: messages });
    const second = await client.responses.create({ model, input: 'What is 3+5?', previous_response_id: first.id });
    assert.equal(second.previous_response_id, first.id);
    assert.ok(second.usage.input_tokens > first.usage.input_tokens);
    assert.equal((await client.responses.retrieve(first.id)).output_text, paris);
    await client.responses.delete(first.id);
    await assert.rejects(client.responses.retrieve(first.id), e => e instanceof OpenAI.NotFoundError);
    await assert.rejects(client.responses.create({ model, input: 'a', previous_response_id: first.id }), e => e.param === 'previous_response_id');
    const unkept = await client.responses.create({ model, input: messages, store: false });
    await assert.rejects(client.responses.retrieve(unkept.id), e => e instanceof OpenAI.NotFoundError);
  },
};

for (const [name, run] of Object.entries(scenarios)) {
  try {
    await run();
    console.log(`ok ${name}`);
  } catch (error) {
    console.log(`failed ${name}: ${String(error.message ?? error).replaceAll('\n', ' ')}`);
  }
}
