using HunyuanOrleans.Cuda.Driver;

namespace HunyuanOrleans.Bench.Devices;

/// <summary>Lists the GPUs of this machine.</summary>
internal static class DeviceList
{
    /// <summary>Prints a line for each GPU. Returns 1 if none can be used.</summary>
    public static int Run(ReadOnlySpan<string> options)
    {
        Arguments arguments = new(options, [], ["--json"]);
        CudaDevices found = CudaDevices.Find();
        foreach (CudaDevice device in found.Devices)
        {
            Console.WriteLine(BenchDevice.Describe(device.Info) + (device.Problem is null ? "" : $": {device.Problem}"));
        }

        if (found.Problem is not null)
        {
            Console.WriteLine(found.Problem);
        }

        BenchJson.Write(arguments.Find("--json"), found);
        return found.Devices.Any(static device => device.Problem is null) ? 0 : 1;
    }
}
