using HunyuanOrleans.Grains.Contracts;
using Orleans;

namespace HunyuanOrleans.Cluster.Tests.Support;

/// <summary>Loses, delays and repeats some of the calls that leave a silo.</summary>
/// <param name="seed">Decides which calls.</param>
/// <param name="share">The share of calls, 0 to 1.</param>
internal sealed class UnreliableCalls(int seed, double share) : IOutgoingGrainCallFilter
{
    // How long the caller of a lost call waits for a reply. A step may take long, so its caller waits longer than others.
    private static readonly TimeSpan LostStepTimeout = TimeSpan.FromSeconds(20), LostCallTimeout = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(30);

    private readonly Random _random = new(seed);
    private readonly Lock _gate = new();
    private int _disturbed;

    private enum Disturbance
    {
        LoseRequest,
        LoseReply,
        Delay,
        Repeat,
    }

    /// <summary>How many calls were disturbed.</summary>
    public int Disturbed => Volatile.Read(ref _disturbed);

    public async Task Invoke(IOutgoingGrainCallContext context)
    {
        TimeSpan timeout = context.MethodName == nameof(IAttentionShardGrain.ForwardAsync) ? LostStepTimeout : LostCallTimeout;
        switch (Choose())
        {
            case Disturbance.LoseRequest:
                await Task.Delay(timeout);
                throw new TimeoutException("The request was lost.");
            case Disturbance.LoseReply:
                await context.Invoke();
                await Task.Delay(timeout);
                throw new TimeoutException("The reply was lost.");
            case Disturbance.Delay:
                await Task.Delay(Delay);
                await context.Invoke();
                break;
            case Disturbance.Repeat:
                await context.Invoke();
                await context.Invoke();
                break;
            default:
                await context.Invoke();
                break;
        }
    }

    private Disturbance? Choose()
    {
        lock (_gate)
        {
            if (_random.NextDouble() >= share)
            {
                return null;
            }

            _disturbed++;
            return (Disturbance)_random.Next(4);
        }
    }
}
