namespace HunyuanOrleans.Bench.Speed;

/// <summary>Prints limits and speeds.</summary>
internal static class SpeedTable
{
    /// <summary>Prints the limits.</summary>
    public static void Print(DeviceLimits limits)
    {
        Console.WriteLine(
            $"limits: read {limits.ReadBytes / 1e9:F1} GB/s, tensor cores {limits.MultiplyOperations / 1e12:F2} TFLOP/s with mma.sync in bf16, " +
            $"copies {limits.CopyToDeviceBytes / 1e9:F2} GB/s to the device, {limits.CopyToHostBytes / 1e9:F2} GB/s to the host, {limits.CopyWithinBytes / 1e9:F1} GB/s within");
        Console.WriteLine("weights  layers  step                                      ms   tokens/s  whole*     GB/s  of read  TFLOP/s  of mma");
    }

    /// <summary>Prints a line, and one with the parts of the step.</summary>
    public static void Print(SpeedResult result)
    {
        Console.WriteLine(
            $"{result.Format,-8} {result.Layers,6}  {result.Case.Name,-36} {result.Milliseconds,8:F3} {result.TokensPerSecond,10:F1} {result.WholeModelTokensPerSecond,7:F1} " +
            $"{result.BytesPerSecond / 1e9,8:F1} {result.ReadFraction,8:F3} {result.OperationsPerSecond / 1e12,8:F2} {result.MultiplyFraction,7:F3}");
        Console.WriteLine($"         {string.Join(", ", result.Parts.OrderByDescending(static part => part.Milliseconds).Select(static part => $"{part.Name} {part.Milliseconds:F3}"))}");
    }

    /// <summary>Explains the column that is not measured, and prints what is missing.</summary>
    public static void PrintNote(int layers, SpeedResults results)
    {
        Console.WriteLine(
            $"* computed: tokens/s if all {layers} layers took as long as the measured ones, without any time between devices. Parts are ms in all layers, with an event after each operation.");
        foreach (string name in results.Skipped)
        {
            Console.WriteLine($"not measured, no time was left: {name}");
        }

        if (results.Error is not null)
        {
            Console.WriteLine(results.Error);
        }
    }
}
