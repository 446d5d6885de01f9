using System.Globalization;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.TestSupport;
using HunyuanOrleans.Text.Templates;
using HunyuanOrleans.Text.Tokenization;

namespace HunyuanOrleans.Web.Tests;

/// <summary>
/// A generator that repeats the last message token by token, so that tests choose the answers. The prefix "slow N:" puts N milliseconds
/// between tokens, "fail:" makes the choice fail after its text, and "full:" makes the submission fail with a full queue.
/// </summary>
/// <param name="reasons">Whether the model is one that may reason, between think tags.</param>
/// <param name="adapters">The adapters that the model has, which change nothing.</param>
internal sealed class EchoGenerator(bool reasons = false, EchoAdapters? adapters = null) : IGenerator
{
    // Each message ends with a separator, by which the last one is found in the prompt.
    private const string Template = "{% for m in messages %}{{ m['content'] + '<|extra_0|>' }}{% endfor %}", Separator = "<|extra_0|>";

    // Models that reason are told by the marks in their templates.
    private const string ReasoningTemplate = "{# <think> #}" + Template;

    private readonly Tokenizer _tokenizer = Tokenizer.Load(TestPaths.DemoModel);
    private int _running, _cancelled, _finished;

    public GeneratorInfo Info { get; } = new("echo", 4608, 100_000, [4340], true);

    public ServedModel Served =>
        new("echo", this, _tokenizer, ChatTemplate.Parse(reasons ? ReasoningTemplate : Template), GenerationDefaults.Published, 0) { Adapters = adapters };

    public ValueTask<IGeneration> SubmitAsync(GenerationRequest request, CancellationToken cancellationToken)
    {
        string message = _tokenizer.Decode(request.PromptIds.Span).Split(Separator)[^2];
        if (message.StartsWith("full:", StringComparison.Ordinal))
        {
            throw new QueueFullException(64, 1, 64);
        }

        (int gap, string text) = message.StartsWith("slow ", StringComparison.Ordinal) && message.IndexOf(':', StringComparison.Ordinal) is > 0 and int colon
            ? (int.Parse(message["slow ".Length..colon], CultureInfo.InvariantCulture), message[(colon + 1)..])
            : (0, message);
        bool fails = text.StartsWith("fail:", StringComparison.Ordinal);
        return ValueTask.FromResult<IGeneration>(new Submitted(new EchoChoice(_tokenizer.Encode(text), gap, fails, Ended), this));
    }

    public ValueTask<EngineStatistics> GetStatisticsAsync(CancellationToken cancellationToken) =>
        ValueTask.FromResult(default(EngineStatistics) with { Running = _running, Cancelled = _cancelled, Finished = _finished, KvBlocks = 64, KvFree = 64 });

    public ValueTask<int> ResetPrefixCacheAsync(CancellationToken cancellationToken) => ValueTask.FromResult(0);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Ended(bool cancelled)
    {
        Interlocked.Decrement(ref _running);
        Interlocked.Increment(ref cancelled ? ref _cancelled : ref _finished);
    }

    private sealed class Submitted : IGeneration
    {
        private readonly EchoChoice _choice;

        public Submitted(EchoChoice choice, EchoGenerator owner)
        {
            _choice = choice;
            Interlocked.Increment(ref owner._running);
        }

        public IReadOnlyList<IChoice> Choices => [_choice];

        public ulong Seed => 1;

        public void Cancel() => _choice.Cancel();
    }
}
