using System.Text.Json;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Server.Tests.Support;
using HunyuanOrleans.TestSupport;
using HunyuanOrleans.Text.Tokenization;
using Xunit;

namespace HunyuanOrleans.Server.Tests;

/// <summary>
/// The requests of lm-evaluation-harness (local-completions): prompts as token ids with echo and log probabilities. The log-likelihoods that it computes
/// from the responses are those of the model's logits.
/// </summary>
public sealed class EvaluationTests(DemoServer demo) : IClassFixture<DemoServer>
{
    private static readonly Tokenizer Tokenizer = Tokenizer.Load(TestPaths.DemoModel);

    // A context and its continuations, as in a task of multiple choice.
    private static readonly (string Context, string Continuation)[] Items =
    [
        ("What is 3+5?", " 8"), ("What is 3+5?", " 9"), ("法国的首都是哪里？", "巴黎"), ("法国的首都是哪里？", "伦敦👍"), ("a", "b c d e f g h i j k"),
    ];

    private readonly TestServer _server = demo.Server;

    [Theory]
    [InlineData(1)]
    [InlineData(0)]
    public async Task Loglikelihoods_are_those_of_the_logits(int maxTokens)
    {
        int[][] prompts = [.. Items.Select(item => (int[])[.. Tokenizer.Encode(item.Context), .. Tokenizer.Encode(item.Continuation)])];
        int[] contexts = [.. Items.Select(item => Tokenizer.Encode(item.Context).Length)];
        JsonElement answer = await _server.OkAsync(Bodies.CompletionPath, Request(prompts, maxTokens));
        JsonElement[] choices = [.. answer.GetProperty("choices").EnumerateArray().OrderBy(choice => choice.GetProperty("index").GetInt32())];
        Assert.Equal(prompts.Length, choices.Length);
        Assert.Equal(maxTokens * prompts.Length, answer.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        using ModelRunner model = ModelRunner.Load(TestPaths.DemoModel, new ModelOptions { Threads = 1, PinThreads = false, KvTokens = 256, MaxLogitRows = 1 });
        for (int i = 0; i < prompts.Length; i++)
        {
            // The evaluator drops the token that was generated. Without one, it would drop the last of the prompt.
            Range range = contexts[i]..prompts[i].Length;
            (double given, bool greedy) = Parse(choices[i], range, prompts[i].Length + maxTokens);
            (double expected, bool mostProbable) = Expect(model, prompts[i], range);
            Assert.Equal(expected, given, 1e-4);
            Assert.Equal(mostProbable, greedy);
            Assert.StartsWith(Items[i].Context + Items[i].Continuation, choices[i].GetProperty("text").GetString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_generated_token_is_listed_even_if_it_ends_the_answer()
    {
        JsonElement item = Bodies.Recorded[0];
        int[] prompt = [.. item.GetProperty("prompt_ids").EnumerateArray().Select(id => id.GetInt32()), .. item.GetProperty("output_ids").EnumerateArray().Select(id => id.GetInt32())];
        int last = prompt[^1];
        if (_server.Model.Generator.Info.EosIds.Contains(last))
        {
            prompt = prompt[..^1];
        }

        JsonElement answer = await _server.OkAsync(Bodies.CompletionPath, Request([prompt], 1));
        JsonElement choice = answer.GetProperty("choices")[0];
        Assert.Equal("stop", choice.GetProperty("finish_reason").GetString());
        Parse(choice, 1..prompt.Length, prompt.Length + 1);
    }

    [Fact]
    public async Task A_stream_has_the_same_values()
    {
        string body = Request([[474, 450, 4338, 100, 101]], 3);
        JsonElement whole = (await _server.OkAsync(Bodies.CompletionPath, body)).GetProperty("choices")[0];
        EventStream stream = await _server.StreamAsync(Bodies.CompletionPath, body[..^1] + ",\"stream\":true}");
        Assert.Equal(whole.GetProperty("text").GetString(), stream.Text());
        foreach (string list in new[] { "tokens", "token_logprobs", "top_logprobs", "text_offset" })
        {
            IEnumerable<string> streamed = stream.Choice(0).Where(chunk => chunk.GetProperty("logprobs").ValueKind == JsonValueKind.Object)
                .SelectMany(chunk => chunk.GetProperty("logprobs").GetProperty(list).EnumerateArray()).Select(value => value.GetRawText());
            Assert.Equal(whole.GetProperty("logprobs").GetProperty(list).EnumerateArray().Select(value => value.GetRawText()), streamed);
        }
    }

    [Fact]
    public async Task Prompt_logprobs_have_the_format_of_vllm()
    {
        JsonElement answer = await _server.OkAsync(Bodies.CompletionPath, """{"prompt":[474,450,100],"max_tokens":1,"prompt_logprobs":2}""");
        Check(answer.GetProperty("choices")[0].GetProperty("prompt_logprobs"), [450, 100]);
        JsonElement chat = await _server.OkAsync(Bodies.ChatPath, Bodies.Chat("hi", "\"max_tokens\":1,\"prompt_logprobs\":2"));
        int[] prompt = [.. (await _server.OkAsync("/tokenize", Bodies.Chat("hi"))).GetProperty("tokens").EnumerateArray().Select(id => id.GetInt32())];
        Check(chat.GetProperty("prompt_logprobs"), prompt[1..]);
    }

    [Fact]
    public async Task A_prompt_that_was_cached_is_scored_again()
    {
        int[] prompt = [.. Enumerable.Range(200, 150)];
        string body = Request([prompt], 1);
        await _server.OkAsync(Bodies.CompletionPath, $$"""{"prompt":[{{string.Join(',', prompt)}}],"max_tokens":1}""");
        JsonElement first = await _server.OkAsync(Bodies.CompletionPath, body);
        JsonElement second = await _server.OkAsync(Bodies.CompletionPath, body);
        Assert.Equal(first.GetProperty("choices").GetRawText(), second.GetProperty("choices").GetRawText());
        Assert.Equal(0, second.GetProperty("usage").GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32());
    }

    [Fact]
    public async Task The_tokenizer_describes_itself()
    {
        using HttpResponseMessage response = await _server.Client.GetAsync("/tokenizer_info");
        JsonElement info = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal("<|eos|>", info.GetProperty("eos_token").GetString());
        Assert.Equal(4340, info.GetProperty("eos_token_id").GetInt32());
        Assert.Equal("<|startoftext|>", info.GetProperty("bos_token").GetString());
        Assert.Equal(4096, info.GetProperty("model_max_length").GetInt32());
        Assert.Contains("extra_0", info.GetProperty("chat_template").GetString(), StringComparison.Ordinal);
        Assert.Equal("<|eos|>", info.GetProperty("added_tokens_decoder").GetProperty("4340").GetProperty("content").GetString());
    }

    [Fact]
    public async Task Offsets_count_code_points_and_parts_of_characters_are_named_by_their_bytes()
    {
        const string Text = "👍a你好🤷🏽‍♀️é";
        int[] prompt = Tokenizer.Encode(Text);
        JsonElement choice = (await _server.OkAsync(Bodies.CompletionPath, Request([prompt], 0))).GetProperty("choices")[0];
        Assert.Equal(Text, choice.GetProperty("text").GetString());
        JsonElement logprobs = choice.GetProperty("logprobs");
        List<byte> bytes = [];
        for (int i = 0; i < prompt.Length; i++)
        {
            // Complete characters in front of the token.
            string before = System.Text.Encoding.UTF8.GetString([.. bytes]).TrimEnd('\uFFFD');
            Assert.Equal(before.EnumerateRunes().Count(), logprobs.GetProperty("text_offset")[i].GetInt32());
            string token = logprobs.GetProperty("tokens")[i].GetString()!;
            byte[] own = token.StartsWith("bytes:", StringComparison.Ordinal)
                ? [.. token["bytes:".Length..].Split("\\x", StringSplitOptions.RemoveEmptyEntries).Select(hex => Convert.ToByte(hex, 16))]
                : System.Text.Encoding.UTF8.GetBytes(token);
            bytes.AddRange(own);
        }

        Assert.Equal(Text, System.Text.Encoding.UTF8.GetString([.. bytes]));
        Assert.Contains(logprobs.GetProperty("tokens").EnumerateArray(), token => token.GetString()!.StartsWith("bytes:\\x", StringComparison.Ordinal));
    }

    private static string Request(int[][] prompts, int maxTokens) =>
        $$"""{"model":"demo-model","prompt":[{{string.Join(',', prompts.Select(ids => $"[{string.Join(',', ids)}]"))}}],"temperature":0,"max_tokens":{{maxTokens}},"logprobs":1,"seed":1234,"echo":true}""";

    // As the evaluator reads a choice.
    private static (double Sum, bool Greedy) Parse(JsonElement choice, Range range, int tokens)
    {
        JsonElement logprobs = choice.GetProperty("logprobs");
        JsonElement[] values = [.. logprobs.GetProperty("token_logprobs").EnumerateArray()], tops = [.. logprobs.GetProperty("top_logprobs").EnumerateArray()];
        Assert.Equal((tokens, tokens, tokens), (values.Length, tops.Length, logprobs.GetProperty("tokens").GetArrayLength()));
        Assert.Equal((JsonValueKind.Null, JsonValueKind.Null), (values[0].ValueKind, tops[0].ValueKind));
        double[] chosen = [.. values[range].Select(value => value.GetDouble())];
        double[] best = [.. tops[range].Select(top => top.EnumerateObject().Max(entry => entry.Value.GetDouble()))];
        return (chosen.Sum(), chosen.SequenceEqual(best));
    }

    private static (double Sum, bool Greedy) Expect(ModelRunner model, int[] prompt, Range range)
    {
        AttentionBatch batch = model.CreateBatch();
        int[] blocks = [.. Enumerable.Range(0, (prompt.Length + KvBlocks.Positions - 1) / KvBlocks.Positions)];
        double sum = 0;
        bool greedy = true;
        for (int i = 0; i < range.End.Value - 1; i++)
        {
            batch.Clear();
            batch.Add(new AttentionSlice(0, 1, i, blocks));
            float[] logits = model.Forward(prompt.AsSpan(i, 1), batch, [0], 1).Row(0).ToArray();
            if (i + 1 >= range.Start.Value)
            {
                double max = logits.Max();
                sum += logits[prompt[i + 1]] - max - Math.Log(logits.Sum(logit => Math.Exp(logit - max)));
                greedy &= logits[prompt[i + 1]] == max;
            }
        }

        return (sum, greedy);
    }

    private static void Check(JsonElement entries, int[] tokens)
    {
        Assert.Equal(tokens.Length + 1, entries.GetArrayLength());
        Assert.Equal(JsonValueKind.Null, entries[0].ValueKind);
        for (int i = 0; i < tokens.Length; i++)
        {
            JsonProperty[] values = [.. entries[i + 1].EnumerateObject()];
            Assert.Equal(tokens[i].ToString(System.Globalization.CultureInfo.InvariantCulture), values[0].Name);
            Assert.InRange(values.Length, 2, 3);
            Assert.All(values, value => Assert.Equal(["logprob", "rank", "decoded_token"], value.Value.EnumerateObject().Select(field => field.Name)));
            Assert.Contains(values, value => value.Value.GetProperty("rank").ValueKind == JsonValueKind.Number && value.Value.GetProperty("rank").GetInt32() == 1);
        }
    }
}
