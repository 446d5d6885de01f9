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

    /// <summary>Finds a GPU. Others of the machine are not disturbed.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="ArgumentException">The name is not that of a GPU.</exception>
    /// <exception cref="CudaException">There is no such GPU, or it cannot be used; the message says why.</exception>
    public static DeviceChoice Find(string name) => Find(name, null);

    /// <summary>Finds a GPU of a driver.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="path">The driver's library; null for that of the system.</param>
    internal static DeviceChoice Find(string name, string? path)
    {
        int ordinal = Ordinal(name) ?? throw new ArgumentException($"\"{name}\" is no GPU's name; allowed: {NameForm}.", nameof(name));
        CudaDevice device = CudaDevices.Find(ordinal, path);
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
