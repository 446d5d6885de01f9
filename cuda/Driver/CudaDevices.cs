namespace HunyuanOrleans.Cuda.Driver;

/// <summary>The GPUs of this machine.</summary>
/// <param name="Devices">The devices in the driver's order, which the variable CUDA_VISIBLE_DEVICES may change.</param>
/// <param name="Problem">A sentence that says why there are none, or no more than these; null if there is no such reason.</param>
public sealed record CudaDevices(IReadOnlyList<CudaDevice> Devices, string? Problem)
{
    /// <summary>Name of a device, such as cuda:0.</summary>
    public static string NameOf(int ordinal) => $"cuda:{ordinal}";

    /// <summary>Asks the driver for the devices. A machine without driver or device is not an error.</summary>
    public static CudaDevices Find() => Find(null);

    /// <summary>Asks the driver for one device, without disturbing others.</summary>
    /// <param name="ordinal">Its number, from 0.</param>
    /// <exception cref="CudaException">There is no driver or no such device.</exception>
    public static CudaDevice Find(int ordinal) => Find(ordinal, null);

    /// <summary>Asks a driver for one device.</summary>
    /// <param name="ordinal">Its number, from 0.</param>
    /// <param name="path">The driver's library; null for that of the system.</param>
    internal static CudaDevice Find(int ordinal, string? path)
    {
        CudaLibrary library = CudaLibrary.Load(path);
        return Describe(library, DeviceQuery.Read(library, ordinal));
    }

    /// <summary>Asks a driver for the devices.</summary>
    /// <param name="path">The driver's library; null for that of the system.</param>
    internal static CudaDevices Find(string? path)
    {
        List<CudaDevice> devices = [];
        try
        {
            CudaLibrary library = CudaLibrary.Load(path);
            for (int i = 0; i < DeviceQuery.Count(library); i++)
            {
                devices.Add(Describe(library, DeviceQuery.Read(library, i)));
            }

            return new CudaDevices(devices, null);
        }
        catch (CudaException e)
        {
            return new CudaDevices(devices, e.Message);
        }
    }

    private static CudaDevice Describe(CudaLibrary library, CudaDeviceInfo info)
    {
        if (DeviceQuery.ProblemOf(info) is { } problem)
        {
            return new CudaDevice(info, problem);
        }

        try
        {
            using CudaContext context = new(library, info.Ordinal);
            return new CudaDevice(info with { FreeBytes = context.FreeBytes() }, null);
        }
        catch (CudaException e)
        {
            return new CudaDevice(info, e.Message);
        }
    }
}
