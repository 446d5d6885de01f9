using System.Text;
using System.Text.Json;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Engine.Scheduling;
using HunyuanOrleans.Engine.Tests.Support;
using HunyuanOrleans.Grammar;
using HunyuanOrleans.Grammar.Tests;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.TestSupport;
using HunyuanOrleans.Text.Streaming;
using HunyuanOrleans.Text.Tokenization;
using Xunit;

namespace HunyuanOrleans.Engine.Tests;

/// <summary>Constraints in the engine: in batches, with pre-emption, with several answers, and with a real model.</summary>
public sealed class ConstrainedEngineTests
{
    private const string Schema = """
        {"type":"object","properties":{"name":{"type":"string","maxLength":12},"age":{"type":"integer","minimum":0,"maximum":130},
        "tags":{"type":"array","items":{"enum":["a","bc","é"]},"maxItems":3},"home":{"anyOf":[{"$ref":"#/$defs/place"},{"type":"null"}]}},
        "required":["name","age","home"],"additionalProperties":false,
        "$defs":{"place":{"type":"object","properties":{"city":{"type":"string","minLength":1,"maxLength":8},"since":{"type":"string","format":"date"}},"required":["city","since"],"additionalProperties":false}}}
        """;

    [Fact]
    public async Task The_demo_model_writes_valid_json_at_temperature_2()
    {
        Tokenizer tokenizer = Tokenizer.Load(TestPaths.DemoModel);
        await using LocalExecutor executor = new(ModelRunner.Load(
            TestPaths.DemoModel,
            new ModelOptions { Mode = ComputeMode.Bf16, Threads = 1, KvTokens = 512, PinThreads = false, MaxBatchTokens = 96, MaxLogitRows = 16 }));
        var text = new TokenizerText(tokenizer);
        int[] eos = [4340, 4347];
        await using var engine = InferenceEngine.Start(executor, new EngineOptions { EosIds = eos, Scheduler = new() { MaxSequences = 16, TokenBudget = 96 } }, text);
        Constraint constraint = new ConstraintCompiler(text, executor.Limits.VocabularySize, eos).Compile(ConstraintSpec.JsonSchema(Schema));
        var validator = new JsonSchemaValidator(Schema);
        int[] prompt = tokenizer.Encode("A person as JSON: ");
        Generation[] generations = [.. Enumerable.Range(0, 25).Select(seed => engine.Submit(new()
        {
            PromptIds = prompt,
            MaxTokens = 400,
            Constraint = constraint,
            Choices = 2,
            Sampling = new() { Temperature = 2, Seed = (ulong)seed, RepetitionPenalty = 1.1f, FrequencyPenalty = seed % 2 },
        }))];
        HashSet<string> answers = [];
        foreach (Generation generation in generations)
        {
            foreach (ChoiceResult answer in await generation.CompletionAsync())
            {
                string shown = tokenizer.Decode(answer.Ids.Span, skipSpecial: true);
                Assert.True(answer.Finish == FinishReason.Stop, $"{answer.Finish} {answer.Error} {shown}");
                using JsonDocument document = JsonDocument.Parse(shown);
                Assert.True(validator.IsValid(document.RootElement), shown);
                answers.Add(shown);
            }
        }

        Assert.Equal(50, answers.Count);
        Assert.True(engine.GetStatistics().Preemptions > 0, "The pool is large enough for all: nothing was replayed.");
    }

    [Fact]
    public async Task A_batch_in_a_small_pool_gives_the_same_answers_as_each_alone()
    {
        var vocabulary = TestVocabulary.Pieces(11, "{\"name\":\"é\",\"age\":12,\"home\":null}");
        Constraint constraint = vocabulary.Compiler.Compile(ConstraintSpec.JsonSchema(Schema));
        GenerationRequest[] requests = [.. Enumerable.Range(0, 12).Select(i => new GenerationRequest
        {
            PromptIds = Enumerable.Range(0, 5 + i).ToArray(),
            MaxTokens = 200,
            Constraint = constraint,
            Choices = 1 + (i % 2),
            IgnoreEos = i % 3 == 0,
            Sampling = new() { Seed = (ulong)i, Temperature = 1.5f, PresencePenalty = 0.3f },
        })];
        string[] alone = await Answers(requests, blocks: 200, together: false);
        Assert.Equal(alone, await Answers(requests, blocks: 30, together: true));
        foreach (string answer in alone.Where(static answer => !answer.StartsWith("Length", StringComparison.Ordinal)))
        {
            Assert.StartsWith("Stop", answer, StringComparison.Ordinal);
            byte[] bytes = vocabulary.Join(answer["Stop ".Length..].Split(',').Select(int.Parse));
            using JsonDocument document = JsonDocument.Parse(Encoding.UTF8.GetString(bytes));
            Assert.True(new JsonSchemaValidator(Schema).IsValid(document.RootElement));
        }

        Assert.Contains(alone, static answer => answer.StartsWith("Stop", StringComparison.Ordinal));

        async Task<string[]> Answers(GenerationRequest[] all, int blocks, bool together)
        {
            var submitted = new TaskCompletionSource();
            await using var executor = new TinyModelExecutor(new ExecutorLimits(vocabulary.Size, 300, blocks, 10, 64, 8))
            {
                BeforeStep = async _ => await (together ? submitted.Task : Task.CompletedTask),
            };
            await using var engine = InferenceEngine.Start(executor, new EngineOptions { EosIds = [vocabulary.End] }, vocabulary);
            List<string> answers = [];
            List<Generation> open = [];
            foreach (GenerationRequest request in all)
            {
                open.Add(engine.Submit(request));
                if (!together)
                {
                    await open[^1].CompletionAsync();
                }
            }

            submitted.SetResult();
            foreach (Generation generation in open)
            {
                answers.AddRange((await generation.CompletionAsync()).Select(answer => $"{answer.Finish} {string.Join(',', answer.Ids.ToArray())}"));
            }

            Assert.True(!together || engine.GetStatistics().Preemptions > 0, "Nothing was replayed.");
            return [.. answers];
        }
    }

    [Fact]
    public async Task A_complete_answer_ends_without_another_token()
    {
        var vocabulary = TestVocabulary.Bytes();
        await using var executor = new TinyModelExecutor(new ExecutorLimits(vocabulary.Size, 200, 60, 4, 64, 8));
        await using var engine = InferenceEngine.Start(executor, new EngineOptions { EosIds = [vocabulary.End] }, vocabulary);
        Constraint constraint = vocabulary.Compiler.Compile(ConstraintSpec.Choice("yes", "no"), "guided_choice");
        for (ulong seed = 0; seed < 20; seed++)
        {
            ChoiceResult answer = (await engine.Submit(new() { PromptIds = new[] { 65 }, Constraint = constraint, Sampling = new() { Seed = seed } }).CompletionAsync())[0];
            Assert.Equal((FinishReason.Stop, false), (answer.Finish, answer.EndsWithStopId));
            Assert.Contains(Encoding.UTF8.GetString(vocabulary.Join(answer.Ids.ToArray())), (string[])["yes", "no"]);
        }
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 0)]
    [InlineData(false, 1)]
    public async Task A_constraint_that_allows_only_the_empty_text_ends_the_answer(bool ignoreEos, int minTokens)
    {
        var vocabulary = TestVocabulary.Bytes();
        await using var executor = new TinyModelExecutor(new ExecutorLimits(vocabulary.Size, 200, 60, 4, 64, 8));
        await using var engine = InferenceEngine.Start(executor, new EngineOptions { EosIds = [vocabulary.End] }, vocabulary);
        Constraint constraint = vocabulary.Compiler.Compile(ConstraintSpec.Grammar("root ::= \"\""), "grammar");
        ChoiceResult answer = (await engine.Submit(new() { PromptIds = new[] { 65 }, Constraint = constraint, IgnoreEos = ignoreEos, MinTokens = minTokens }).CompletionAsync())[0];
        Assert.Equal((FinishReason.Stop, 0), (answer.Finish, vocabulary.Join(answer.Ids.ToArray()).Length));
    }

    [Fact]
    public async Task An_answer_resumed_at_any_token_continues_unchanged()
    {
        var vocabulary = TestVocabulary.Pieces(12, "{\"name\":\"é\",\"age\":12,\"home\":null}");
        await using var executor = new TinyModelExecutor(new ExecutorLimits(vocabulary.Size, 300, 60, 10, 64, 8));
        await using var engine = InferenceEngine.Start(executor, new EngineOptions { EosIds = [vocabulary.End] }, vocabulary);
        GenerationRequest request = new()
        {
            PromptIds = new[] { 65, 66 },
            MaxTokens = 250,
            Constraint = vocabulary.Compiler.Compile(ConstraintSpec.JsonSchema(Schema)),
            Sampling = new() { Seed = 3 },
        };
        ReadOnlyMemory<int> whole = (await engine.Submit(request).CompletionAsync())[0].Ids;
        for (int length = 1; length <= whole.Length; length += 7)
        {
            GenerationRequest rest = request with { Resume = [new ResumedChoice(0, whole[..length])] };
            Assert.Equal(whole.ToArray(), (await engine.Submit(rest).CompletionAsync())[0].Ids.ToArray());
        }

        Assert.Throws<RequestException>(() => engine.Submit(request with { Resume = [new ResumedChoice(0, new[] { 'x' + 0 })] }));
    }

    [Fact]
    public async Task A_token_that_is_not_allowed_ends_the_answer_with_an_error()
    {
        var vocabulary = TestVocabulary.Bytes();
        await using var executor = new UnmaskedExecutor(new TinyModelExecutor(new ExecutorLimits(vocabulary.Size, 200, 60, 4, 64, 8)));
        await using var engine = InferenceEngine.Start(executor, null, vocabulary);
        Constraint constraint = vocabulary.Compiler.Compile(ConstraintSpec.Choice("yes"), "guided_choice");
        ChoiceResult answer = (await engine.Submit(new() { PromptIds = new[] { 65 }, Constraint = constraint }).CompletionAsync())[0];
        Assert.Equal(FinishReason.Error, answer.Finish);
        Assert.Contains("does not allow", answer.Error, StringComparison.Ordinal);
    }

    /// <summary>Forgets the mask, as a faulty executor would.</summary>
    private sealed class UnmaskedExecutor(IModelExecutor inner) : IModelExecutor
    {
        public ExecutorLimits Limits => inner.Limits;

        public ValueTask ExecuteAsync(StepBatch batch, StepResult result, CancellationToken cancellationToken)
        {
            foreach (SequenceSlice slice in batch.Slices)
            {
                if (slice.Sampling is { } state)
                {
                    state.AllowedTokens = default;
                }
            }

            return inner.ExecuteAsync(batch, result, cancellationToken);
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
