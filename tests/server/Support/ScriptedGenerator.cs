using System.Threading.Channels;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.TestSupport;
using HunyuanOrleans.Text.Templates;
using HunyuanOrleans.Text.Tokenization;
using Microsoft.Extensions.DependencyInjection;

namespace HunyuanOrleans.Server.Tests.Support;

/// <summary>A model that answers what the test says, token by token, when the test says.</summary>
internal sealed class ScriptedGenerator : IGenerator
{
    private readonly List<Answer> _answers = [];

    public Tokenizer Tokenizer { get; } = Tokenizer.Load(TestPaths.DemoModel);

    /// <summary>Text that every answer gives at once; null: the test gives it by <see cref="Give"/>.</summary>
    public string? Text { get; init; }

    /// <summary>What submitting throws, in turn; then nothing.</summary>
    public Queue<Exception> Refusals { get; } = new();

    public List<GenerationRequest> Requests { get; } = [];

    public GeneratorInfo Info { get; } = new("scripted", 4608, 4096, [4340], true);

    /// <summary>Starts a server that serves this.</summary>
    public async Task<TestServer> ServeAsync(Action<ServerOptions>? configure = null, Action<IServiceCollection>? services = null, string? template = null)
    {
        TestServer server = await TestServer.StartEmptyAsync(configure, services);
        ChatTemplate chat = template is null ? ChatTemplate.Load(TestPaths.DemoModel) : ChatTemplate.Parse(template);
        server.Services.GetRequiredService<ModelSlot>().Set(new ServedModel("scripted", this, Tokenizer, chat, GenerationDefaults.Published, 0));
        return server;
    }

    public ValueTask<IGeneration> SubmitAsync(GenerationRequest request, CancellationToken cancellationToken)
    {
        lock (_answers)
        {
            if (Refusals.TryDequeue(out Exception? refusal))
            {
                throw refusal;
            }

            Requests.Add(request);
            Answer[] answers = [.. Enumerable.Range(0, request.Choices).Select(i => new Answer(i))];
            _answers.AddRange(answers);
            foreach (Answer answer in answers)
            {
                if (Text is not null)
                {
                    answer.Give(Tokenizer.Encode(Text), FinishReason.Stop, null);
                }
            }

            return ValueTask.FromResult<IGeneration>(new Submitted(answers));
        }
    }

    /// <summary>Gives tokens to the answers submitted so far.</summary>
    public void Give(string text, FinishReason finish = FinishReason.None, string? error = null)
    {
        foreach (Answer answer in Answers())
        {
            answer.Give(Tokenizer.Encode(text), finish, error);
        }
    }

    /// <summary>Waits until a number of answers was asked for.</summary>
    public Task AskedAsync(int answers) => Wait.UntilAsync(() => Answers().Length >= answers);

    /// <summary>Waits until every answer was given up.</summary>
    public Task GivenUpAsync() => Task.WhenAll(Answers().Select(answer => answer.GivenUp)).WaitAsync(Wait.Limit);

    public ValueTask<EngineStatistics> GetStatisticsAsync(CancellationToken cancellationToken) => ValueTask.FromResult(default(EngineStatistics));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private Answer[] Answers()
    {
        lock (_answers)
        {
            return [.. _answers];
        }
    }

    private sealed class Submitted(Answer[] answers) : IGeneration
    {
        public IReadOnlyList<IChoice> Choices => answers;

        public ulong Seed => 1;

        public void Cancel() => Array.ForEach(answers, answer => answer.Cancel());
    }

    private sealed class Answer(int index) : IChoice
    {
        private readonly Channel<TokenChunk> _chunks = Channel.CreateUnbounded<TokenChunk>();
        private readonly TaskCompletionSource<ChoiceResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _givenUp = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Index => index;

        public Task<ChoiceResult> Completion => _completion.Task;

        public Task GivenUp => _givenUp.Task;

        public void Give(int[] ids, FinishReason finish, string? error)
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
            _givenUp.TrySetResult();
            _chunks.Writer.TryComplete();
            _completion.TrySetResult(
                new ChoiceResult(index, default, ReadOnlyMemory<SampledToken>.Empty, FinishReason.Cancelled, false, null, 0, default));
        }

        public IAsyncEnumerator<TokenChunk> GetAsyncEnumerator(CancellationToken cancellationToken = default) =>
            _chunks.Reader.ReadAllAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
    }
}
