using System.Runtime.CompilerServices;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Contracts.Streaming;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests;

/// <summary>What a resuming stream does when its source breaks. These tests need no cluster.</summary>
public sealed class ResumingStreamTests
{
    [Fact]
    public async Task A_broken_source_whose_disposal_hangs_does_not_delay_the_answer()
    {
        TaskCompletionSource never = new();
        int opened = 0;
        ResumingStream stream = new(
            (request, cancellationToken) => ++opened == 1 ? new BrokenSource(never.Task) : LastTokenAsync(request, cancellationToken), TimeProvider.System);
        RequestSpec request = RequestSpec.Of("m", new GenerationRequest { PromptIds = new[] { 1 }, MaxTokens = 2 }, Wait.Limit);
        List<int> ids = [];
        await Task.Run(async () =>
        {
            await foreach (TokenBatch batch in stream.RunAsync(request))
            {
                ids.AddRange(batch.Ids);
            }
        }).WaitAsync(Wait.Limit);
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

    // Gives one token, then fails. Its disposal never completes, like a call to a silo that was killed.
    private sealed class BrokenSource(Task disposed) : IAsyncEnumerable<TokenBatch>, IAsyncEnumerator<TokenBatch>
    {
        private bool _gaveToken;

        public TokenBatch Current { get; } = new() { Ids = [10] };

        public IAsyncEnumerator<TokenBatch> GetAsyncEnumerator(CancellationToken cancellationToken = default) => this;

        public ValueTask<bool> MoveNextAsync()
        {
            bool first = !_gaveToken;
            _gaveToken = true;
            return first ? ValueTask.FromResult(true) : ValueTask.FromException<bool>(new TimeoutException("The call was lost."));
        }

        public ValueTask DisposeAsync() => new(disposed);
    }
}
