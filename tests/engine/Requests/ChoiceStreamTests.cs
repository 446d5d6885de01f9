using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Requests;
using Xunit;

namespace HunyuanOrleans.Engine.Tests.Requests;

/// <summary>What a reader of an answer sees while the engine writes.</summary>
public sealed class ChoiceStreamTests
{
    [Fact]
    public void The_last_token_is_in_the_same_chunk_as_the_finish_reason()
    {
        TokenLog<int> tokens = new(2);
        tokens.Append([7, 8]);
        ChoiceStream stream = new(0, tokens, 2, (TokenLog<SampledToken>?)null, () => { });
        tokens.Append(1);
        stream.Publish();
        Assert.True(stream.TryRead(out TokenChunk first));
        Assert.Equal([1], first.Ids.ToArray());

        // The engine has appended the stop id but not yet decided that it ends the answer, so a reader must not get it now.
        tokens.Append(2);
        Assert.False(stream.TryRead(out _));
        ValueTask waiting = stream.WaitAsync();
        Assert.False(waiting.IsCompleted);

        stream.Complete(new ChoiceResult(0, tokens.Slice(2, 4), default, FinishReason.Stop, true, null, 0, default));
        Assert.True(stream.TryRead(out TokenChunk last));
        Assert.Equal([2], last.Ids.ToArray());
        Assert.True(last.EndsWithStopId);
        Assert.Equal(FinishReason.Stop, last.Finish);
    }
}
