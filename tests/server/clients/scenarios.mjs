// The scenarios of OfficialClientTests with OpenAI's client for JavaScript. Prints one line per scenario: "ok NAME" or "failed NAME: why".
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
};

for (const [name, run] of Object.entries(scenarios)) {
  try {
    await run();
    console.log(`ok ${name}`);
  } catch (error) {
    console.log(`failed ${name}: ${String(error.message ?? error).replaceAll('\n', ' ')}`);
  }
}
