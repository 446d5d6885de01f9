using HunyuanOrleans.Bench.Devices;
using HunyuanOrleans.Cuda.Driver;

namespace HunyuanOrleans.Bench.Checks;

/// <summary>Checks every operation of a GPU against the CPU's.</summary>
internal static class DeviceCheck
{
    /// <summary>Runs all checks and prints a line for each. Returns 1 if one failed.</summary>
    public static int Run(ReadOnlySpan<string> options)
    {
        Arguments arguments = new(options, [BenchDevice.Interpreter], [BenchDevice.Ordinal, "--only", "--json"]);
        CheckSizes sizes = arguments.Has(BenchDevice.Interpreter) ? CheckSizes.Small : CheckSizes.Full;
        string? only = arguments.Find("--only");
        using DevicePair devices = new(BenchDevice.Open(arguments));
        CudaDeviceInfo device = devices.Gpu.Driver.Device;
        Console.WriteLine(BenchDevice.Describe(device));
        CheckReport report = new();
        if (only is null or "rows")
        {
            new RowChecks(devices, sizes, report).Run();
        }

        if (only is null or "products")
        {
            new ProductChecks(devices, sizes, report).Run();
        }

        if (only is null or "attention")
        {
            new AttentionChecks(devices, sizes, report).Run();
        }

        Console.WriteLine($"{report.Results.Count - report.Failed} checks passed, {report.Failed} failed");
        BenchJson.Write(arguments.Find("--json"), new { Device = device, Passed = report.Results.Count - report.Failed, report.Failed, Checks = report.Results });
        return report.Failed == 0 && report.Results.Count > 0 ? 0 : 1;
    }
}
