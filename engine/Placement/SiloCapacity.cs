using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Engine.Placement;

/// <summary>
/// The capacity that a silo announces: its memory, its speed and its zone. It does not tell what the silo holds now.
/// </summary>
public sealed record SiloCapacity
{
    /// <summary>Name, unique among the silos. It also orders silos that are equal otherwise.</summary>
    public required string Name { get; init; }

    /// <summary>Kind of device, for display; see <see cref="DeviceCatalog"/>. Default "cpu".</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>Bytes for weights and K/V together, without scratch memory and the program itself.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>
    /// Bytes of weights read per second, measured or from a data sheet. The silo's share of the work is proportional to it.
    /// </summary>
    public required double MemoryBandwidth { get; init; }

    /// <summary>
    /// Multiplications and additions per second in the plan's weight format. Default: infinite, so that reading is the limit.
    /// </summary>
    public double Operations { get; init; } = double.PositiveInfinity;

    /// <summary>
    /// Round-trip time of a small call to another silo, in seconds. Default 60 us. Between two silos the slower one counts.
    /// </summary>
    public double NetworkLatency { get; init; } = 60e-6;

    /// <summary>Bytes per second to another silo. Default 1.25 GB/s (10 Gb/s). Between two silos the slower one counts.</summary>
    public double NetworkBandwidth { get; init; } = 1.25e9;

    /// <summary>Location. Neighbouring layers go to silos of one zone if possible. Default: no zone.</summary>
    public string Zone { get; init; } = "";

    /// <summary>Which parts of a model the silo may hold. Default: all.</summary>
    public SiloRole Role { get; init; } = SiloRole.Any;

    /// <summary>True if attention shards may be placed on the silo.</summary>
    public bool TakesAttention => Role is SiloRole.Any or SiloRole.Attention;

    /// <summary>True if expert groups may be placed on the silo.</summary>
    public bool TakesExperts => Role is SiloRole.Any or SiloRole.Experts;

    /// <summary>Creates the capacity of a silo with the figures of a device.</summary>
    /// <param name="name">Name of the silo.</param>
    /// <param name="device">The device.</param>
    /// <param name="type">Type of most weights, which determines the operations per second.</param>
    /// <param name="memoryBytes">Bytes for weights and K/V; null for all of the device's memory.</param>
    /// <param name="relativeSpeed">Measured speed relative to the data sheet; scales bandwidth and operations.</param>
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
    /// <exception cref="ModelException">A value is out of range; the message names it and its range.</exception>
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
