using System.Threading.Channels;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.TestSupport;
using HunyuanOrleans.Text.Templates;
using HunyuanOrleans.Text.Tokenization;
using Microsoft.Extensions.DependencyInjection;

namespace HunyuanOrleans.Server.Tests.Support;

/// <summary>A generator whose tokens the test chooses, and emits when it wants.</summary>
internal sealed class ScriptedGenerator : IGenerator
{
    private readonly List<ScriptedChoice> _choices = [];

    public Tokenizer Tokenizer { get; } = Tokenizer.Load(TestPaths.DemoModel);

    /// <summary>The text of every choice, emitted on submission; null if the test calls <see cref="Emit"/>.</summary>
    public string? Text { get; init; }

    /// <summary>The exceptions that the next submissions throw.</summary>
    public Queue<Exception> SubmitFailures { get; } = new();

    /// <summary>Submissions wait for this.</summary>
    public Task Accepting { get; set; } = Task.CompletedTask;

    public List<GenerationRequest> Requests { get; } = [];

    public GeneratorInfo Info { get; } = new("scripted", 4608, 4096, [4340], true);

    /// <summary>Starts a server with this generator.</summary>
    public async Task<TestServer> ServeAsync(
        Action<ServerOptions>? configure = null, Action<IServiceCollection>? services = null, string? template = null, GenerationDefaults? defaults = null)
    {
        TestServer server = await TestServer.StartEmptyAsync(configure, services);
        ChatTemplate chat = template is null ? ChatTemplate.Load(TestPaths.DemoModel) : ChatTemplate.Parse(template);
        server.Services.GetRequiredService<ModelSlot>().Set(new ServedModel("scripted", this, Tokenizer, chat, defaults ?? GenerationDefaults.Published, 0));
        return server;
    }

    public async ValueTask<IGeneration> SubmitAsync(GenerationRequest request, CancellationToken cancellationToken)
    {
        await Accepting.WaitAsync(cancellationToken);
        lock (_choices)
        {
            if (SubmitFailures.TryDequeue(out Exception? failure))
            {
                throw failure;
            }

            Requests.Add(request);
            ScriptedChoice[] choices = [.. Enumerable.Range(0, request.Choices).Select(i => new ScriptedChoice(i))];
            _choices.AddRange(choices);
            foreach (ScriptedChoice choice in choices)
            {
                if (Text is not null)
                {
                    choice.Emit(Tokenizer.Encode(Text), FinishReason.Stop, null);
                }
            }

            return new ScriptedGeneration(choices);
        }
    }

    /// <summary>Emits the tokens of a text for all choices submitted so far.</summary>
    public void Emit(string text, FinishReason finish = FinishReason.None, string? error = null)
    {
        foreach (ScriptedChoice choice in Choices())
        {
            choice.Emit(Tokenizer.Encode(text), finish, error);
        }
    }

    /// <summary>Reports how far the prompts of all choices submitted so far are computed.</summary>
    public void Report(PromptProgress progress) => Array.ForEach(Choices(), choice => choice.Progress = progress);

    /// <summary>Waits until a number of choices was submitted.</summary>
    public Task WaitForSubmissionsAsync(int choices) => Wait.UntilAsync(() => Choices().Length >= choices);

    /// <summary>Waits until every token was read. Then all but the last were processed.</summary>
    public Task WaitUntilReadAsync() => Wait.UntilAsync(() => Choices().All(static choice => choice.Unread == 0));

    /// <summary>Waits until every choice was cancelled.</summary>
    public Task WaitForCancellationAsync() => Task.WhenAll(Choices().Select(choice => choice.Cancelled)).WaitAsync(Wait.Limit);

    public ValueTask<EngineStatistics> GetStatisticsAsync(CancellationToken cancellationToken) => ValueTask.FromResult(default(EngineStatistics));

    public ValueTask<int> ResetPrefixCacheAsync(CancellationToken cancellationToken) => ValueTask.FromResult(0);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private ScriptedChoice[] Choices()
    {
        lock (_choices)
        {
            return [.. _choices];
        }
    }

    private sealed class ScriptedGeneration(ScriptedChoice[] choices) : IGeneration
    {
        public IReadOnlyList<IChoice> Choices => choices;

        public ulong Seed => 1;

        public void Cancel() => Array.ForEach(choices, choice => choice.Cancel());
    }

    private sealed class ScriptedChoice(int index) : IChoice
    {
        private readonly Channel<TokenChunk> _chunks = Channel.CreateUnbounded<TokenChunk>();
        private readonly TaskCompletionSource<ChoiceResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Index => index;

        public Task<ChoiceResult> Completion => _completion.Task;

        public PromptProgress? Progress { get; set; }

        public int Unread => _chunks.Reader.Count;

        public Task Cancelled => _cancelled.Task;

        public void Emit(int[] ids, FinishReason finish, string? error)
        {
            for (int i = 0; i < ids.Length; i++)
            {
                _chunks.Writer.TryWrite(new TokenChunk(ids.AsMemory(i, 1), default, FinishReason.None, false, null));
            }

            if (finish != FinishReason.None)
            {
                _chunks.Writer.TryWrite(new TokenChunk(default, default, finish, false, error));
                _chunks.Writer.TryComplete();
                _completion.TrySetResult(new ChoiceResult(index, default, ReadOnlyMemory<SampledToken>.Empty, finish, false, error, 0, default));
            }
        }

        public void Cancel()
        {
            _cancelled.TrySetResult();
            _chunks.Writer.TryComplete();
            _completion.TrySetResult(
                new ChoiceResult(index, default, ReadOnlyMemory<SampledToken>.Empty, FinishReason.Cancelled, false, null, 0, default));
        }

        public IAsyncEnumerator<TokenChunk> GetAsyncEnumerator(CancellationToken cancellationToken = default) =>
            _chunks.Reader.ReadAllAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
    }
}
