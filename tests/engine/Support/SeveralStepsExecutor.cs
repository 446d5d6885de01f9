using HunyuanOrleans.Engine.Execution;
using Xunit;

namespace HunyuanOrleans.Engine.Tests.Support;

/// <summary>Takes several steps at once and computes them in any order, as a cluster does. Checks that no sequence is in two of them.</summary>
/// <param name="inner">Computes the steps.</param>
/// <param name="steps">Most steps at once.</param>
/// <param name="sessions">Checks each step when it begins.</param>
internal sealed class SeveralStepsExecutor(TinyModelExecutor inner, int steps, SessionChecker sessions) : IModelExecutor
{
    private readonly SemaphoreSlim _turn = new(1);
    private readonly HashSet<long> _inFlight = [];
    private long _losses;
    private int _started;
    private int _running;

    public ExecutorLimits Limits => inner.Limits;

    public int StepsInFlight => steps;

    /// <summary>The most steps that were under way at once.</summary>
    public int Most { get; private set; }

    public async ValueTask ExecuteAsync(StepBatch batch, StepResult result, CancellationToken cancellationToken)
    {
        await sessions.CheckStep(batch);
        long[] own = [.. batch.Slices.ToArray().Select(static slice => slice.Session)];
        int number;
        lock (_inFlight)
        {
            Assert.All(own, session => Assert.True(_inFlight.Add(session), $"Session {session} is in two steps."));
            number = _started++;
            Most = Math.Max(Most, ++_running);
        }

        try
        {
            for (int i = 0; i <= number % 3; i++)
            {
                await Task.Yield();
            }

            await _turn.WaitAsync(cancellationToken);
            try
            {
                if (batch.KvLosses < _losses)
                {
                    throw new KvLostException("The cells were lost after the step was planned.");
                }

                await inner.ExecuteAsync(batch, result, cancellationToken);
            }
            catch (KvLostException)
            {
                // A step that was planned before a loss reports the same one.
                _losses = Math.Max(_losses, batch.KvLosses + 1);
                throw;
            }
            finally
            {
                _turn.Release();
            }
        }
        finally
        {
            lock (_inFlight)
            {
                _inFlight.ExceptWith(own);
                _running--;
            }
        }
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
