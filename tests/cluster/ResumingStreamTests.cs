using System.Runtime.CompilerServices;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Contracts.Streaming;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests;

/// <summary>What a stream does when its source breaks, without a cluster.</summary>
public sealed class ResumingStreamTests
{
    [Fact]
    public async Task A_source_that_cannot_be_told_to_end_does_not_keep_the_answer_waiting()
    {
        TaskCompletionSource never = new();
        int opened = 0;
        ResumingStream stream = new(
            (request, cancellationToken) => ++opened == 1 ? new BrokenSource(never.Task) : LastTokenAsync(request, cancellationToken), TimeProvider.System);
        RequestSpec request = RequestSpec.Of("m", new GenerationRequest { PromptIds = new[] { 1 }, MaxTokens = 2 }, TimeSpan.FromMinutes(5));
        List<int> ids = [];
        await Task.Run(async () =>
        {
            await foreach (TokenBatch batch in stream.RunAsync(request))
            {
                ids.AddRange(batch.Ids);
            }
        }).WaitAsync(TimeSpan.FromMinutes(2));
        Assert.Equal([10, 11], ids);
        Assert.Equal(2, opened);
        never.SetResult();
    }

    private static async IAsyncEnumerable<TokenBatch> LastTokenAsync(RequestSpec request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.Yield();
        cancellationToken.ThrowIfCancellationRequested();
        Assert.Equal([10], Assert.Single(request.Progress!).Ids);
        yield return new TokenBatch { Start = 1, Ids = [11], Finish = FinishCode.Length };
    }

    // One token, then the call fails, and the call that tells the source to end is never answered.
    private sealed class BrokenSource(Task disposed) : IAsyncEnumerable<TokenBatch>, IAsyncEnumerator<TokenBatch>
    {
        private bool _given;

        public TokenBatch Current { get; } = new() { Ids = [10] };

        public IAsyncEnumerator<TokenBatch> GetAsyncEnumerator(CancellationToken cancellationToken = default) => this;

        public ValueTask<bool> MoveNextAsync()
        {
            bool first = !_given;
            _given = true;
            return first ? ValueTask.FromResult(true) : ValueTask.FromException<bool>(new TimeoutException("The call was lost."));
        }

        public ValueTask DisposeAsync() => new(disposed);
    }
}
