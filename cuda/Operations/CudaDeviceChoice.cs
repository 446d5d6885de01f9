using System.Globalization;
using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Kernels.Devices;

namespace HunyuanOrleans.Cuda.Operations;

/// <summary>Finds the GPU with a name.</summary>
public static class CudaDeviceChoice
{
    private const string Prefix = "cuda:";

    /// <summary>How the name of a GPU looks, for messages.</summary>
    public const string NameForm = "cuda:N for the N-th GPU, from 0";

    /// <summary>Whether a name is that of a GPU, whether there is one or not.</summary>
    public static bool IsName(string name) => Ordinal(name) is not null;

    /// <summary>Finds a GPU.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="ArgumentException">The name is not that of a GPU.</exception>
    /// <exception cref="CudaException">There is no such GPU, or it cannot be used; the message says why.</exception>
    public static DeviceChoice Find(string name) => Find(name, CudaDevices.Find());

    /// <summary>Finds a GPU among those of a machine.</summary>
    internal static DeviceChoice Find(string name, CudaDevices devices)
    {
        int ordinal = Ordinal(name) ?? throw new ArgumentException($"\"{name}\" is no GPU's name; allowed: {NameForm}.", nameof(name));
        if (ordinal >= devices.Devices.Count)
        {
            string there = devices.Devices.Count == 0 ? "none" : $"{CudaDevices.NameOf(0)} to {CudaDevices.NameOf(devices.Devices.Count - 1)}";
            throw new CudaException($"There is no {CudaDevices.NameOf(ordinal)} on this machine. {devices.Problem ?? $"It has {there}."}");
        }

        CudaDevice device = devices.Devices[ordinal];
        return device.Problem is { } problem
            ? throw new CudaException(problem)
            : new DeviceChoice(
                CudaDevices.NameOf(ordinal), device.Info.Name, KindOf(device.Info), device.Info.FreeBytes, () => CudaComputeDevice.Open(ordinal));
    }

    /// <summary>The kind of a device. How tensor cores round is the same for one compute capability.</summary>
    internal static string KindOf(CudaDeviceInfo device) => string.Create(CultureInfo.InvariantCulture, $"cuda {device.Major}.{device.Minor}");

    private static int? Ordinal(string name) =>
        name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)
        && int.TryParse(name.AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int ordinal)
            ? ordinal
            : null;
}
