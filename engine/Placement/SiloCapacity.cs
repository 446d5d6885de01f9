using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Engine.Placement;

/// <summary>
/// What a silo announces: how much it can hold, how fast it is, where it stands. It does not know what the silo holds now.
/// </summary>
public sealed record SiloCapacity
{
    /// <summary>Name, unique among the silos; ties are broken by it.</summary>
    public required string Name { get; init; }

    /// <summary>Kind of device, for people; see <see cref="DeviceCatalog"/>.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>Bytes for weights and K/V together; scratch memory and the program itself are not in it.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>Bytes of weights read per second, measured or from a data sheet. Shares of work follow it.</summary>
    public required double MemoryBandwidth { get; init; }

    /// <summary>Multiplications and additions per second in the plan's weight format. Default: so many that reading is the limit.</summary>
    public double Operations { get; init; } = double.PositiveInfinity;

    /// <summary>Seconds of a small call to another silo, there and back. Default 60 us. Of two silos the slower one counts.</summary>
    public double NetworkLatency { get; init; } = 60e-6;

    /// <summary>Bytes per second to another silo. Default 1.25 GB/s (10 Gb/s). Of two silos the slower one counts.</summary>
    public double NetworkBandwidth { get; init; } = 1.25e9;

    /// <summary>Where it stands; neighbouring layers go to silos of one zone where possible. Default: no zone.</summary>
    public string Zone { get; init; } = "";

    /// <summary>What it may hold. Default: everything.</summary>
    public SiloRole Role { get; init; } = SiloRole.Any;

    /// <summary>Whether attention shards may be placed here.</summary>
    public bool TakesAttention => Role is SiloRole.Any or SiloRole.Attention;

    /// <summary>Whether expert groups may be placed here.</summary>
    public bool TakesExperts => Role is SiloRole.Any or SiloRole.Experts;

    /// <summary>A silo with the figures of a device.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="device">The device.</param>
    /// <param name="type">Type of most weights, which decides the operations per second.</param>
    /// <param name="memoryBytes">Bytes for weights and K/V; null takes the whole device's.</param>
    /// <param name="relativeSpeed">Measured speed over that of the data sheet; scales bandwidth and operations.</param>
    public static SiloCapacity FromDevice(
        string name, DeviceProfile device, ElementType type = ElementType.BF16, long? memoryBytes = null, double relativeSpeed = 1) => new()
        {
            Name = name,
            Device = device.Name,
            MemoryBytes = memoryBytes ?? device.MemoryBytes,
            MemoryBandwidth = device.MemoryBandwidth * relativeSpeed,
            Operations = device.Operations(type) * relativeSpeed,
            NetworkLatency = device.NetworkLatency,
            NetworkBandwidth = device.NetworkBandwidth,
        };

    /// <summary>Checks the values.</summary>
    /// <exception cref="ModelException">One of them is out of range.</exception>
    public void Validate()
    {
        if (string.IsNullOrWhiteSpace(Name))
        {
            throw new ModelException("A silo has no name; allowed: any text that is not blank.");
        }

        Check(MemoryBytes is >= 0 and <= 1L << 56, nameof(MemoryBytes), MemoryBytes, "0 to 2^56");
        Check(double.IsFinite(MemoryBandwidth) && MemoryBandwidth > 0, nameof(MemoryBandwidth), MemoryBandwidth, "a number above 0");
        Check(Operations > 0, nameof(Operations), Operations, "a number above 0");
        Check(double.IsFinite(NetworkLatency) && NetworkLatency >= 0, nameof(NetworkLatency), NetworkLatency, "0 or more");
        Check(NetworkBandwidth > 0, nameof(NetworkBandwidth), NetworkBandwidth, "a number above 0");
        Check(Enum.IsDefined(Role), nameof(Role), (int)Role, "any, attention, experts or gateway");
    }

    private void Check(bool valid, string field, double value, string allowed)
    {
        if (!valid)
        {
            throw new ModelException(FormattableString.Invariant($"Silo {Name}: {field} is {value}; allowed: {allowed}."));
        }
    }
}
