using System.Runtime.InteropServices;
using HunyuanOrleans.Bench.Devices;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Configuration;
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
    private const string Expected = "--expected";
    private const string SameBits = "--same-bits";
    private const string Tolerance = "--tolerance";
    private const string Divergence = "--divergence";

    /// <summary>Runs the check. Returns 1 if the logits are too far from the expected ones.</summary>
    public static int Run(ReadOnlySpan<string> options)
    {
        Arguments arguments = new(
            options,
            [BenchDevice.Interpreter, Cpu, "--all", SameBits],
            [BenchDevice.Ordinal, "--model", "--ids", "--mode", "--quant", "--chunk", "--out", Expected, Tolerance, Divergence, "--json"]);
        Validate(arguments);
        using ModelRunner model = Load(arguments, out int[] ids, out int chunk);
        using MemoryStream logits = new();
        LogitsWriter writer = new(logits, model.Config.VocabSize);
        PromptLogits.Run(model, ids, chunk, arguments.Has("--all"), static _ => { }, writer.Write, CancellationToken.None);
        if (arguments.Find("--out") is { } path)
        {
            File.WriteAllBytes(path, logits.ToArray());
        }

        string name = $"{Path.GetFileName(arguments.Get("--model").TrimEnd('/'))} {model.Types.Name}, {ids.Length} tokens";
        return arguments.Find(Expected) is { } expected
            ? Compare(arguments, name, File.ReadAllBytes(expected), logits.ToArray(), model.Config.VocabSize)
            : Print(arguments, name, writer.Top());
    }

    // A comparison without a limit would always pass, and a limit without a file would never be looked at.
    private static void Validate(Arguments arguments)
    {
        arguments.AllowOneOf(Cpu, BenchDevice.Interpreter, BenchDevice.Ordinal);
        bool limited = arguments.Has(SameBits) || arguments.Find(Tolerance) is not null || arguments.Find(Divergence) is not null;
        bool compares = arguments.Find(Expected) is not null;
        if (compares != limited)
        {
            throw new ArgumentException(compares
                ? $"{Expected} needs a limit: {SameBits}, {Tolerance} VALUE or {Divergence} VALUE."
                : $"{SameBits}, {Tolerance} and {Divergence} need {Expected} FILE.");
        }
    }

    private static ModelRunner Load(Arguments arguments, out int[] ids, out int chunk)
    {
        ids = arguments.Integers("--ids", 1, 2, 3);
        chunk = Math.Min(arguments.Integer("--chunk", DefaultChunk, 1, int.MaxValue), ids.Length);
        string mode = arguments.Find("--mode") ?? "bf16";
        int vocabulary = ModelConfig.Load(arguments.Get("--model")).VocabSize;
        foreach (int id in ids)
        {
            if (id < 0 || id >= vocabulary)
            {
                throw new ArgumentException($"--ids is {id}; allowed: 0 to {vocabulary - 1}.");
            }
        }

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
        bool passed = found.LargestDifference <= arguments.Number(Tolerance, double.MaxValue)
            && found.MeanDivergence <= arguments.Number(Divergence, double.MaxValue)
            && !(arguments.Has(SameBits) && found.DifferentBits > 0);
        Console.WriteLine(
            $"{(passed ? "ok    " : "FAILED")} logits of {name}: largest difference {found.LargestDifference:G3}, divergence {found.MeanDivergence:G3}, " +
            $"{found.SameTop} of {found.Rows} tokens the same, {found.DifferentBits} of {actual.Length / sizeof(float)} logits with other bits");
        BenchJson.Write(arguments.Find("--json"), new { Name = name, Passed = passed, found.Rows, found.LargestDifference, found.MeanDivergence, found.SameTop, found.DifferentBits });
        return passed ? 0 : 1;
    }

    private static int Print(Arguments arguments, string name, float[][] top)
    {
        BenchJson.Write(arguments.Find("--json"), new { Name = name, Top = top });
        Console.WriteLine($"{name}: {string.Join(", ", top.Select(static pair => $"{pair[0]} {pair[1]:F4}"))}");
        return 0;
    }
}
