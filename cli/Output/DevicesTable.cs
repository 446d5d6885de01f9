namespace HunyuanOrleans.Cli.Output;

/// <summary>Writes the devices of a machine as a text table, followed by a line for each reason why something cannot be used.</summary>
internal static class DevicesTable
{
    // From this column on, cells are right-aligned.
    private const int FirstNumericColumn = 3;

    /// <summary>Writes the table.</summary>
    public static void Write(DevicesResult result, TextWriter output)
    {
        DevicesProcessor cpu = result.Cpu;
        string[][] rows =
        [
            ["device", "name", "computes with", "memory", "free", "usable"],
            [cpu.Device, cpu.Name, $"{cpu.Cores} core{(cpu.Cores == 1 ? "" : "s")}, {cpu.InstructionSet}", Units.Bytes(cpu.MemoryBytes), "-", "yes"],
            .. result.Cuda.Select(Row),
        ];
        ColumnTable.Write(rows, FirstNumericColumn, output);
        foreach (string problem in result.Cuda.Select(static gpu => gpu.Problem).Append(result.CudaProblem).OfType<string>())
        {
            output.WriteLine(problem);
        }
    }

    private static string[] Row(DevicesGpu gpu) =>
    [
        gpu.Device,
        gpu.Name,
        $"{gpu.Multiprocessors} multiprocessors, compute capability {gpu.ComputeCapability}, CUDA {gpu.CudaVersion}",
        Units.Bytes(gpu.MemoryBytes),
        gpu.FreeBytes is { } free ? Units.Bytes(free) : "-",
        gpu.Problem is null ? "yes" : "no",
    ];
}
