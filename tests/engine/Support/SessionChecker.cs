using HunyuanOrleans.Engine.Execution;
using Xunit;

namespace HunyuanOrleans.Engine.Tests.Support;

/// <summary>
/// Checks what an executor may rely on: a session continues where its last step ended, or within the drafts of that step, in the same blocks, until it is
/// released, and is never used again.
/// </summary>
internal sealed class SessionChecker
{
    private readonly Dictionary<long, (int Next, int Drafts, int[] Blocks)> _alive = [];
    private long _highestSession;
    private int _maxSequences;

    /// <summary>Number of sessions that have begun and have not been released.</summary>
    public int Alive => _alive.Count;

    /// <summary>Checks one step; call it before each step.</summary>
    public ValueTask CheckStep(StepBatch batch)
    {
        _maxSequences = Math.Max(_maxSequences, batch.SliceCount + batch.FreeSlices);
        Assert.InRange(batch.ReleasedSessions.Length, 0, _maxSequences);
        foreach (long session in batch.ReleasedSessions)
        {
            Assert.True(_alive.Remove(session), $"Session {session} is released and was not alive.");
        }

        long highest = _highestSession;
        foreach (SequenceSlice slice in batch.Slices)
        {
            Assert.True(slice.Session > 0);
            foreach (int block in slice.Blocks.Span)
            {
                Assert.True(batch.BlockUsage.IsLive(block));
            }

            if (_alive.TryGetValue(slice.Session, out var last))
            {
                // Drafts that were rejected are computed again.
                Assert.InRange(slice.Start, last.Next - last.Drafts, last.Next);
                Assert.Equal(last.Blocks, slice.Blocks[..last.Blocks.Length].ToArray());
            }
            else
            {
                Assert.True(slice.Session > highest, $"Session {slice.Session} was seen before.");
                _highestSession = Math.Max(_highestSession, slice.Session);
            }

            Assert.InRange(slice.Drafts.Count, 0, slice.Count - 1);
            Assert.True(slice.Drafts.Tokens.Span.SequenceEqual(batch.Tokens.Slice(slice.FirstRow, slice.Count)[^slice.Drafts.Count..]));
            _alive[slice.Session] = (slice.Start + slice.Count, slice.Drafts.Count, slice.Blocks.ToArray());
        }

        return ValueTask.CompletedTask;
    }
}
