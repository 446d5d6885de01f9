using System.Text.Json;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Sampling;
using HunyuanOrleans.Model;
using Xunit;

namespace HunyuanOrleans.Engine.Tests.Sampling;

/// <summary>A sampling state restored from a snapshot draws the same tokens as the original.</summary>
public sealed class SamplingSnapshotTests
{
    private const int Vocabulary = 300;

    public static TheoryData<SamplingParams> Kinds =>
    [
        SamplingParams.Greedy,
        new() { TopP = 0.9f, MinP = 0.01f, LogProbabilities = 4 },
        new() { TopK = 40, BannedTokens = [3, 250], LogitBias = new Dictionary<int, float> { [7] = 2, [8] = -3 } },
        new() { RepetitionPenalty = 1.5f },
        new() { FrequencyPenalty = 1.2f, PresencePenalty = -0.5f, Temperature = 0.7f, LogProbabilities = 0 },
        new() { Temperature = 0, RepetitionPenalty = 1.2f, FrequencyPenalty = 0.4f, PresencePenalty = 0.3f, BannedTokens = [9] },
    ];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_restored_state_draws_the_same_tokens_and_continues(SamplingParams parameters)
    {
        var random = new Random(5);
        var sampler = new Sampler(Vocabulary);
        var state = new SamplingState(parameters, 77, [.. Enumerable.Range(0, 50).Select(_ => random.Next(Vocabulary))]);
        SamplingState follower = Send(state);
        for (int step = 0; step < 200; step++)
        {
            state.AllowedTokens = follower.AllowedTokens = step % 3 == 0 ? new[] { ulong.MaxValue, 0UL, (ulong)random.NextInt64(), 5UL } : default;
            float[] logits = [.. Enumerable.Range(0, Vocabulary).Select(_ => random.NextSingle() * 4)];
            SampledToken expected = sampler.Sample([.. logits], state);
            Assert.NotEqual(SampledToken.NoToken, expected.Id);
            foreach (SamplingState other in (SamplingState[])[Send(state), SamplingState.Restore(state.Capture()), follower])
            {
                SampledToken actual = sampler.Sample([.. logits], other);
                Assert.Equal((expected.Id, expected.LogProbability), (actual.Id, actual.LogProbability));
                Assert.Equal(expected.Top, actual.Top);
                Assert.Equal((state.Position, state.Seed), (other.Position, other.Seed));
            }

            state.Append(expected.Id);
            follower.Append(expected.Id);
        }

        Assert.Equal(250, follower.Position);
    }

    [Fact]
    public void A_snapshot_is_not_affected_by_later_changes()
    {
        ulong[] mask = [6];
        var state = new SamplingState(new() { FrequencyPenalty = 1 }, 1, [1, 2], [2]) { AllowedTokens = mask };
        SamplingSnapshot snapshot = state.Capture();
        state.Append(2);
        state.Append(5);
        mask[0] = 1;
        Assert.Equal([1, 2], snapshot.CountIds!);
        Assert.Equal([0, 1], snapshot.CountsInAnswer!);
        Assert.Equal([6UL], snapshot.Allowed!);
        Assert.Equal(3, snapshot.Position);
    }

    [Fact]
    public void A_snapshot_without_penalties_allocates_one_object()
    {
        var state = new SamplingState(SamplingParams.Default, 1, new int[1000]);
        state.Capture();
        long before = GC.GetAllocatedBytesForCurrentThread();
        SamplingSnapshot snapshot = state.Capture();
        long size = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.InRange(size, 1, 128);
        Assert.Same(SamplingParams.Default, snapshot.Parameters);
        Assert.Null(snapshot.CountIds);
        Assert.Null(snapshot.CountsInAnswer);
        Assert.Null(snapshot.Allowed);
    }

    [Fact]
    public void A_snapshot_without_the_required_counts_is_rejected()
    {
        SamplingSnapshot snapshot = new() { Parameters = new() { PresencePenalty = 1 }, CountIds = [1, 2], CountsInAnswer = [1] };
        Assert.Contains("counts 2 ids and 1 occurrences", Assert.Throws<ModelException>(() => SamplingState.Restore(snapshot)).Message);
        Assert.Throws<ModelException>(() => SamplingState.Restore(snapshot with { CountIds = null, CountsInAnswer = null }));
        Assert.Throws<ModelException>(() => SamplingState.Restore(snapshot with { Parameters = SamplingParams.Default }));
    }

    private static SamplingState Send(SamplingState state)
        => SamplingState.Restore(JsonSerializer.Deserialize<SamplingSnapshot>(JsonSerializer.Serialize(state.Capture()))!);
}
