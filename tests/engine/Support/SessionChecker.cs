using HunyuanOrleans.Engine.Execution;
using Xunit;

namespace HunyuanOrleans.Engine.Tests.Support;

/// <summary>
/// What an executor may rely on: a session goes on where its last step ended, in the same blocks, until it is released; then never again.
/// A step that loses KV ends all of them.
/// </summary>
internal sealed class SessionChecker
{
    private readonly Dictionary<long, (int Next, int[] Blocks)> _alive = [];
    private long _highest;
    private int _most;

    /// <summary>Sessions begun and not released.</summary>
    public int Alive => _alive.Count;

    /// <summary>To be called before each step.</summary>
    public ValueTask Look(StepBatch batch)
    {
        _most = Math.Max(_most, batch.SliceCount + batch.FreeSlices);
        Assert.InRange(batch.ReleasedSessions.Length, 0, _most);
        foreach (long session in batch.ReleasedSessions)
        {
            Assert.True(_alive.Remove(session), $"Session {session} is released and was not alive.");
        }

        long highest = _highest;
        foreach (SequenceSlice slice in batch.Slices)
        {
            Assert.True(slice.Session > 0);
            foreach (int block in slice.Blocks.Span)
            {
                Assert.True(batch.BlockUsage.IsLive(block));
            }

            if (_alive.TryGetValue(slice.Session, out var last))
            {
                Assert.Equal(last.Next, slice.Start);
                Assert.Equal(last.Blocks, slice.Blocks[..last.Blocks.Length].ToArray());
            }
            else
            {
                Assert.True(slice.Session > highest, $"Session {slice.Session} was seen before.");
                _highest = Math.Max(_highest, slice.Session);
            }

            _alive[slice.Session] = (slice.Start + slice.Count, slice.Blocks.ToArray());
        }

        return ValueTask.CompletedTask;
    }
}
