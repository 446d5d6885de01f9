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

    /// <summary>All devices.</summary>
    public static IReadOnlyList<DeviceProfile> All { get; } =
    [
        new("h200", "NVIDIA H200 SXM, 141 GB HBM3e", Gb(141), 4.8e12, 989e12, 1979e12, 1979e12, CallSeconds, ModulePortBytes),
        new("h100", "NVIDIA H100 SXM, 80 GB HBM3", Gb(80), 3.35e12, 989e12, 1979e12, 1979e12, CallSeconds, ModulePortBytes),
        new("h20", "NVIDIA H20 SXM, 96 GB HBM3", Gb(96), 4.0e12, 148e12, 296e12, 296e12, CallSeconds, ModulePortBytes),
        new("a100", "NVIDIA A100 SXM, 80 GB HBM2e", Gb(80), 2.039e12, 312e12, 312e12, 624e12, CallSeconds, ModulePortBytes),
        new("l40s", "NVIDIA L40S PCIe, 48 GB GDDR6", Gb(48), 864e9, 362e12, 733e12, 733e12, CallSeconds, ServerPortBytes),

        // Computed, not from a data sheet: 12 channels of DDR5-4800, 96 cores at the base clock of 2.4 GHz, 64 bfloat16 operations per
        // core and cycle.
        new("cpu", "one AMD EPYC 9654, 384 GB DDR5-4800", Gb(384), 460.8e9, 14.7e12, 14.7e12, 29.5e12, CallSeconds, ServerPortBytes),
    ];

    /// <summary>Names of all devices.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. All.Select(device => device.Name)];

    /// <summary>Gets the device with a name; the case of the name does not matter.</summary>
    /// <exception cref="ModelException">No device has that name; the message lists the names.</exception>
    public static DeviceProfile Get(string name) =>
        All.FirstOrDefault(device => device.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new ModelException($"device is \"{name}\"; allowed: {string.Join(", ", Names)}.");

    private static long Gb(long count) => count * 1_000_000_000;
}
