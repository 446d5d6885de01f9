using System.Globalization;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Engine.Placement;

/// <summary>
/// Devices by name, with the figures of their public data sheets: SXM modules, dense operations (no sparsity), decimal units. Memory is
/// that of the whole module; a silo that uses only a part of it must state its own figure.
/// </summary>
public static class DeviceCatalog
{
    // Measured: a call between two silo processes over loopback takes 50 to 67 us at the median. A switch adds little to that.
    private const double CallSeconds = 60e-6;

    // Assumed, not from data sheets: one 400 Gb/s port for each module of a large server, 100 Gb/s for the others.
    private const double ModulePortBytes = 400e9 / 8;
    private const double ServerPortBytes = 100e9 / 8;

    // Assumed: the disks of a large server read 16 GB/s, and each of its eight modules loads an eighth of the model at the same time.
    private const double LoadBytes = 2e9;

    /// <summary>All devices.</summary>
    public static IReadOnlyList<DeviceProfile> All { get; } =
    [
        new("h200", "NVIDIA H200 SXM, 141 GB HBM3e", Gb(141), 4.8e12, 989e12, 1979e12, 1979e12, CallSeconds, ModulePortBytes, LoadBytes),
        new("h100", "NVIDIA H100 SXM, 80 GB HBM3", Gb(80), 3.35e12, 989e12, 1979e12, 1979e12, CallSeconds, ModulePortBytes, LoadBytes),
        new("h20", "NVIDIA H20 SXM, 96 GB HBM3", Gb(96), 4.0e12, 148e12, 296e12, 296e12, CallSeconds, ModulePortBytes, LoadBytes),
        new("a100", "NVIDIA A100 SXM, 80 GB HBM2e", Gb(80), 2.039e12, 312e12, 312e12, 624e12, CallSeconds, ModulePortBytes, LoadBytes),
        new("l40s", "NVIDIA L40S PCIe, 48 GB GDDR6", Gb(48), 864e9, 362e12, 733e12, 733e12, CallSeconds, ServerPortBytes, LoadBytes),

        // Computed, not from a data sheet: 12 channels of DDR5-4800, 96 cores at the base clock of 2.4 GHz, 64 bfloat16 operations per
        // core and cycle.
        new("cpu", "one AMD EPYC 9654, 384 GB DDR5-4800", Gb(384), 460.8e9, 14.7e12, 14.7e12, 29.5e12, CallSeconds, ServerPortBytes, LoadBytes),
    ];

    /// <summary>Names of all devices.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. All.Select(device => device.Name)];

    /// <summary>Gets the device with a name; the case of the name does not matter.</summary>
    /// <exception cref="ModelException">No device has that name; the message lists the names.</exception>
    public static DeviceProfile Get(string name) =>
        All.FirstOrDefault(device => device.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new ModelException($"device is \"{name}\"; allowed: {string.Join(", ", Names)}.");

    /// <summary>
    /// The device of the catalogue that a driver describes, such as "NVIDIA H100 80GB HBM3". A GPU that is not in the catalogue counts as an
    /// l40s, whose memory is the slowest here.
    /// </summary>
    public static DeviceProfile Describe(string description) =>
        All.FirstOrDefault(device => device.Name != "cpu" && description.Split(' ', '-').Contains(device.Name, StringComparer.OrdinalIgnoreCase)) ?? Get("l40s");

    /// <summary>Prefix of the name of a device that is simulated.</summary>
    public const string SimulatedPrefix = "simulated:";

    /// <summary>How the name of a device that is simulated may look, for error messages.</summary>
    public const string SimulatedForms = "simulated:NAME or simulated:BYTES_PER_S,FLOPS,LOAD_BYTES_PER_S such as simulated:4TB,148e12,2GB";

    /// <summary>
    /// The device that is simulated: one of the catalogue after <see cref="SimulatedPrefix"/>, or one given by its speeds; null if the name has another form.
    /// A device given by its speeds has the memory and network of a CPU.
    /// </summary>
    public static DeviceProfile? FindSimulated(string name)
    {
        if (!name.StartsWith(SimulatedPrefix, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        string device = name[SimulatedPrefix.Length..];
        if (All.FirstOrDefault(known => known.Name.Equals(device, StringComparison.OrdinalIgnoreCase)) is { } found)
        {
            return found;
        }

        string[] parts = device.Split(',');
        return parts.Length == 3
            && MemorySize.Parse(parts[0]) is { } bandwidth
            && double.TryParse(parts[1], NumberStyles.Float, CultureInfo.InvariantCulture, out double operations) && operations is > 0 and < double.PositiveInfinity
            && MemorySize.Parse(parts[2]) is { } load
            ? Get("cpu") with
            {
                Name = name.ToLowerInvariant(),
                Description = "a device given by its speeds",
                MemoryBandwidth = bandwidth,
                Bf16Operations = operations,
                Fp8Operations = operations,
                Int8Operations = operations,
                LoadBandwidth = load,
            }
            : null;
    }

    private static long Gb(long count) => count * 1_000_000_000;
}
