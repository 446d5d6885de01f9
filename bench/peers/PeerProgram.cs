using HunyuanOrleans.Bench.Devices;
using HunyuanOrleans.Bench.Peers.Engines;
using HunyuanOrleans.Model.Checkpoints.Gguf;
using HunyuanOrleans.Bench.Peers.Measuring;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Bench.Peers;

/// <summary>The program: compares the engines' results, then their speeds.</summary>
internal static class PeerProgram
{
    /// <summary>Runs it.</summary>
    /// <returns>0; 1 if the engines do not compute the same model, in which case nothing is measured.</returns>
    /// <exception cref="ModelException">The model or llama.cpp's library is missing or invalid.</exception>
    public static int Run(PeerOptions options)
    {
        InstructionSet isa = InstructionSets.Choose();
        string build = LlamaLibrary.Load(LlamaLibrary.LevelFor(isa));
        Console.WriteLine($"{ProcessorName.Value}, {options.Threads} threads each");
        Console.WriteLine($"ours: {isa.ToString().ToLowerInvariant()}");
        Console.WriteLine($"llama.cpp: {build}");
        Console.WriteLine();
        List<Agreement> agreements = AgreementCheck.Run(options.Threads);
        foreach (Agreement agreement in agreements)
        {
            Console.WriteLine(FormattableString.Invariant(
                $"{agreement.Weights}, {agreement.PeerWeights}: KL {agreement.Divergence:G2} (limit {agreement.DivergenceLimit:G2}), logits differ by at most {agreement.LargestDifference:G2}, the same token in {agreement.SameToken:P0}: {(agreement.Passed ? "agree" : "DO NOT AGREE")}"));
        }

        if (!agreements.TrueForAll(static agreement => agreement.Passed))
        {
            return 1;
        }

        List<PeerResult> results = options.Model is null ? [] : Measure(options, options.Model);
        BenchJson.Write(
            options.Json, new PeerReport(ProcessorName.Value, isa.ToString(), build, options.Threads, options.Rounds, agreements, results));
        return 0;
    }

    private static List<PeerResult> Measure(PeerOptions options, string model)
    {
        List<PeerResult> results = [];
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(model)));
        // A sequence takes whole blocks.
        int positions = options.Cases.Max(static what => what.Sequences * (what.Positions + KvBlocks.Positions));
        Console.WriteLine();
        PeerTable.WriteHeading(Console.Out);
        foreach (PeerForm form in options.Forms)
        {
            string file = Path.Combine(options.GgufFolder, $"{name}-{form.Gguf}.gguf");
            GgufConverter.Convert(model, file, form.Gguf);
            using OwnModel own = OwnModel.Load(model, ComputeMode.Bf16, form.Quant, options.Threads, positions);
            using LlamaModel peer = LlamaModel.Load(
                file, new LlamaSettings { Threads = options.Threads, FlashAttention = options.FlashAttention, MapFile = options.MapFile });
            using PeerBenchmark benchmark = new(own, peer, form, options.Rounds);
            foreach (PeerResult result in benchmark.Measure(options.Cases))
            {
                results.Add(result);
                PeerTable.Write(Console.Out, result);
            }
        }

        return results;
    }
}
