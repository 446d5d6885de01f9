using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Adapters;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Engine.Tests.Support;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Adapters;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Engine.Tests.Adapters;

/// <summary>Requests that wait for their adapter have a place in the queue, and the adapter is theirs until their answers have ended.</summary>
public sealed class AdapterQueueTests : IAsyncDisposable
{
    private static readonly GenerationRequest Request = new() { PromptIds = new[] { 1 }, MaxTokens = 2, Adapter = "a" };

    private readonly TinyModelExecutor _executor = new(new(50, 100, 20, 8, 16, 4));
    private readonly InferenceEngine _engine;

    public AdapterQueueTests() => _engine = InferenceEngine.Start(_executor, new EngineOptions { Scheduler = new() { QueueLength = 3 } });

    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        await _executor.DisposeAsync();
    }

    [Fact]
    public async Task Answers_count_as_waiting_while_their_adapter_is_not_there()
    {
        TaskCompletionSource<IAdapterLease> loaded = new();
        using CancellationTokenSource stop = new();
        Task<Generation> two = SubmitAsync(Request with { Choices = 2 }, loaded.Task), one = SubmitAsync(Request, new TaskCompletionSource<IAdapterLease>().Task, stop.Token);
        Assert.Equal(3, _engine.GetStatistics().Waiting);
        QueueFullException full = Assert.Throws<QueueFullException>(() => _engine.Submit(Request with { Adapter = null }));
        Assert.Equal((3, 3), (full.Waiting, full.Limit));
        await Assert.ThrowsAsync<QueueFullException>(() => SubmitAsync(Request, Unwanted()));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => one);
        Assert.Equal(2, _engine.GetStatistics().Waiting);
        Lease lease = new();
        loaded.SetResult(lease);
        ChoiceResult[] answers = await (await two.WaitAsync(Wait.Limit)).CompletionAsync().WaitAsync(Wait.Limit);
        Assert.All(answers, static answer => Assert.Equal(FinishReason.Length, answer.Finish));
        await Wait.UntilAsync(() => lease.Ends == 1);
        Assert.Equal(0, _engine.GetStatistics().Waiting);
    }

    [Fact]
    public async Task A_request_that_fails_gives_its_place_and_its_adapter_back()
    {
        await Assert.ThrowsAsync<ModelException>(() => SubmitAsync(Request, Task.FromException<IAdapterLease>(new ModelException("The files have gone."))));
        Assert.Equal(0, _engine.GetStatistics().Waiting);

        // A wrong request does not wait for its adapter.
        await Assert.ThrowsAsync<RequestException>(() => SubmitAsync(Request with { PromptIds = new[] { 50 } }, Unwanted()));
        Assert.Equal("n", (await Assert.ThrowsAsync<RequestException>(() => SubmitAsync(Request with { Choices = 4 }, Unwanted()))).Parameter);
        Assert.Equal(0, _engine.GetStatistics().Waiting);

        TaskCompletionSource<IAdapterLease> loaded = new();
        Task<Generation> late = SubmitAsync(Request, loaded.Task);
        await _engine.DisposeAsync();
        Lease lease = new();
        loaded.SetResult(lease);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => late.WaitAsync(Wait.Limit));
        Assert.Equal((1, 0), (lease.Ends, _engine.GetStatistics().Waiting));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => SubmitAsync(Request, Unwanted()));
    }

    private static Task<IAdapterLease> Unwanted() => Task.FromException<IAdapterLease>(new InvalidOperationException("The adapter is not wanted yet."));

    private Task<Generation> SubmitAsync(GenerationRequest request, Task<IAdapterLease> adapter, CancellationToken cancellationToken = default) =>
        _engine.SubmitAsync(request, async token => await adapter.WaitAsync(token), cancellationToken).AsTask();

    private sealed class Lease : IAdapterLease, IAdapter
    {
        private int _ends;

        public int Ends => Volatile.Read(ref _ends);

        public IAdapter Adapter => this;

        public string Digest => "0A";

        public void Dispose() => Interlocked.Increment(ref _ends);
    }
}
