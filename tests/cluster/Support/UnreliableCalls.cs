using Orleans;

namespace HunyuanOrleans.Cluster.Tests.Support;

/// <summary>Loses, delays and repeats some of the calls that leave a silo, before or after they ran.</summary>
internal sealed class UnreliableCalls(int seed, double share) : IOutgoingGrainCallFilter
{
    private static readonly TimeSpan LongSilence = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan ShortSilence = TimeSpan.FromMilliseconds(200);

    private readonly Random _random = new(seed);
    private readonly Lock _gate = new();
    private int _hits;

    public int Hits => Volatile.Read(ref _hits);

    public async Task Invoke(IOutgoingGrainCallContext context)
    {
        // Grains of this system only; the engines' own calls are theirs to protect.
        int fate;
        lock (_gate)
        {
            fate = _random.NextDouble() < share ? _random.Next(4) : -1;
        }

        if (fate >= 0)
        {
            Interlocked.Increment(ref _hits);
        }

        // A caller that is ready to wait long waits long: nothing tells it that the call is lost.
        TimeSpan silence = context.MethodName == "ForwardAsync" ? LongSilence : ShortSilence;
        switch (fate)
        {
            case 0:
                await Task.Delay(silence);
                throw new TimeoutException("The request was lost.");
            case 1:
                await context.Invoke();
                await Task.Delay(silence);
                throw new TimeoutException("The reply was lost.");
            case 2:
                await Task.Delay(TimeSpan.FromMilliseconds(30));
                await context.Invoke();
                break;
            case 3:
                await context.Invoke();
                await context.Invoke();
                break;
            default:
                await context.Invoke();
                break;
        }
    }
}
