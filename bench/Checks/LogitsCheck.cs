using System.Runtime.InteropServices;
using HunyuanOrleans.Bench.Devices;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Bench.Checks;

/// <summary>
/// Computes the logits of a prompt on a GPU, as <c>hunyuan logits</c> writes them, and compares them with a file that another device wrote.
/// </summary>
internal static class LogitsCheck
{
    private const int DefaultChunk = 512;
    private const string Cpu = "--cpu";

    /// <summary>Runs the check. Returns 1 if the logits are too far from the expected ones.</summary>
    public static int Run(ReadOnlySpan<string> options)
    {
        Arguments arguments = new(
            options,
            [BenchDevice.Interpreter, Cpu, "--all", "--same-bits"],
            [BenchDevice.Ordinal, "--model", "--ids", "--mode", "--quant", "--chunk", "--out", "--expected", "--tolerance", "--divergence", "--json"]);
        using ModelRunner model = Load(arguments, out int[] ids, out int chunk);
        using MemoryStream logits = new();
        LogitsWriter writer = new(logits, model.Config.VocabSize);
        PromptLogits.Run(model, ids, chunk, arguments.Has("--all"), static _ => { }, writer.Write, CancellationToken.None);
        if (arguments.Find("--out") is { } path)
        {
            File.WriteAllBytes(path, logits.ToArray());
        }

        string name = $"{Path.GetFileName(arguments.Get("--model").TrimEnd('/'))} {model.Types.Name}, {ids.Length} tokens";
        return arguments.Find("--expected") is { } expected
            ? Compare(arguments, name, File.ReadAllBytes(expected), logits.ToArray(), model.Config.VocabSize)
            : Print(name, writer.Top());
    }

    private static ModelRunner Load(Arguments arguments, out int[] ids, out int chunk)
    {
        ids = arguments.Integers("--ids", 1, 2, 3);
        chunk = Math.Min((int)arguments.Number("--chunk", DefaultChunk), ids.Length);
        string mode = arguments.Find("--mode") ?? "bf16";
        return ModelRunner.Load(arguments.Get("--model"), new ModelOptions
        {
            Mode = mode switch
            {
                "f32" => ComputeMode.F32,
                "bf16" => ComputeMode.Bf16,
                _ => throw new ArgumentException($"--mode is {mode}; allowed: f32 or bf16."),
            },
            Quant = arguments.Find("--quant") is { } word ? QuantFormats.Parse(word) : null,
            PinThreads = false,
            KvTokens = ids.Length,
            MaxBatchTokens = chunk,
            MaxLogitRows = arguments.Has("--all") ? chunk : 1,
            Device = arguments.Has(Cpu) ? null : new DeviceChoice("GPU", "the device of the benchmark", "GPU", 0, () => BenchDevice.Open(arguments)),
        });
    }

    private static int Compare(Arguments arguments, string name, byte[] expected, byte[] actual, int vocabulary)
    {
        LogitsComparison found = LogitsComparison.Of(MemoryMarshal.Cast<byte, float>(expected), MemoryMarshal.Cast<byte, float>(actual), vocabulary);
        bool passed = found.LargestDifference <= arguments.Number("--tolerance", double.MaxValue)
            && found.MeanDivergence <= arguments.Number("--divergence", double.MaxValue)
            && !(arguments.Has("--same-bits") && found.DifferentBits > 0);
        Console.WriteLine(
            $"{(passed ? "ok    " : "FAILED")} logits of {name}: largest difference {found.LargestDifference:G3}, divergence {found.MeanDivergence:G3}, " +
            $"{found.SameTop} of {found.Rows} tokens the same, {found.DifferentBits} of {actual.Length / sizeof(float)} logits with other bits");
        BenchJson.Write(arguments.Find("--json"), new { Name = name, Passed = passed, found.Rows, found.LargestDifference, found.MeanDivergence, found.SameTop, found.DifferentBits });
        return passed ? 0 : 1;
    }

    private static int Print(string name, float[][] top)
    {
        Console.WriteLine($"{name}: {string.Join(", ", top.Select(static pair => $"{pair[0]} {pair[1]:F4}"))}");
        return 0;
    }
}
