using HunyuanOrleans.Bench.Devices;
using HunyuanOrleans.Cuda.Driver;

namespace HunyuanOrleans.Bench.Checks;

/// <summary>Checks every operation of a GPU against the CPU's.</summary>
internal static class DeviceCheck
{
    private static readonly string[] Groups = ["rows", "products", "attention"];

    /// <summary>Runs all checks and prints a line for each. Returns 1 if one failed.</summary>
    public static int Run(ReadOnlySpan<string> options)
    {
        Arguments arguments = new(options, [BenchDevice.Interpreter], [BenchDevice.Ordinal, "--only", "--json"]);
        CheckSizes sizes = arguments.Has(BenchDevice.Interpreter) ? CheckSizes.Small : CheckSizes.Full;
        string? only = arguments.Find("--only");
        if (only is not null && !Groups.Contains(only))
        {
            throw new ArgumentException($"--only is {only}; allowed: {string.Join(", ", Groups)}.");
        }

        using DevicePair devices = new(BenchDevice.Open(arguments));
        CudaDeviceInfo device = devices.Gpu.Driver.Device;
        Console.WriteLine(BenchDevice.Describe(device));
        CheckReport report = new();

        // After each check: a later one may end the process or take longer than the machine is there.
        report.Added = () => BenchJson.Write(
            arguments.Find("--json"), new { Device = device, Passed = report.Results.Count - report.Failed, report.Failed, Checks = report.Results });
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
        return report.Failed == 0 && report.Results.Count > 0 ? 0 : 1;
    }
}
