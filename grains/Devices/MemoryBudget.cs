using System.Globalization;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Grains.Devices;

/// <summary>
/// The memory that a silo has announced for weights and K/V, shared by all of its models. What does not fit is refused instead of loaded: the silo would end
/// with everything it holds. It counts as plans do, without norms and biases. Thread-safe.
/// </summary>
/// <param name="limit">The bytes that the silo has announced.</param>
public sealed class MemoryBudget(long limit)
{
    private readonly Lock _gate = new();
    private long _used;
    private long _peak;
    private long _taken;

    /// <summary>Bytes that are taken.</summary>
    public long Used => Volatile.Read(ref _used);

    /// <summary>The most bytes that were taken at any time.</summary>
    public long Peak => Volatile.Read(ref _peak);

    /// <summary>All bytes that were taken since the silo started, whether they were given back or not: what it has loaded.</summary>
    public long Taken => Volatile.Read(ref _taken);

    /// <summary>Takes memory before it is allocated.</summary>
    /// <param name="what">What the memory is for, as messages name it.</param>
    /// <param name="bytes">The bytes.</param>
    /// <exception cref="ModelException">The memory is not there; the message has the numbers.</exception>
    public void Take(string what, long bytes)
    {
        lock (_gate)
        {
            if (_used + bytes > limit)
            {
                throw new ModelException(string.Create(
                    CultureInfo.InvariantCulture, $"{what} takes {bytes:N0} bytes, and {_used:N0} of the silo's {limit:N0} bytes are in use."));
            }

            _used += bytes;
            _taken += bytes;
            _peak = Math.Max(_peak, _used);
        }
    }

    /// <summary>Gives memory back after it was freed.</summary>
    public void Return(long bytes)
    {
        lock (_gate)
        {
            _used -= bytes;
        }
    }
}
