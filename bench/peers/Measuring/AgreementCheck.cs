using System.Numerics.Tensors;
using HunyuanOrleans.Bench.Peers.Engines;
using HunyuanOrleans.Model.Checkpoints.Gguf;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Quantization;
using LLama;
using LLama.Native;

namespace HunyuanOrleans.Bench.Peers.Measuring;

/// <summary>
/// Compares the logits of both engines on a small random model that has every feature of the measured ones: prompts and single tokens of several
/// sequences. Tokens choose two experts, because llama.cpp differs with one: it always norms the weights of the chosen experts to a sum of 1, and
/// Hunyuan does not norm the weight of a single one. The work is the same.
/// </summary>
internal static class AgreementCheck
{
    private const int Sequences = 3;
    private const int PromptTokens = 40;
    private const int DecodeSteps = 8;

    // Their files have all types that llama.cpp stores and ours reads.
    private static readonly LLamaFtype[] QuantizedByPeer =
    [
        LLamaFtype.MOSTLY_Q4_1, LLamaFtype.MOSTLY_Q5_0, LLamaFtype.MOSTLY_Q5_1, LLamaFtype.MOSTLY_IQ4_NL, LLamaFtype.MOSTLY_Q2_K, LLamaFtype.MOSTLY_Q3_K_M,
        LLamaFtype.MOSTLY_Q4_K_M, LLamaFtype.MOSTLY_Q5_K_M, LLamaFtype.MOSTLY_Q6_K, LLamaFtype.MOSTLY_IQ4_XS,
    ];

    /// <summary>The model's shape.</summary>
    public static RandomModelOptions Shape { get; } = new()
    {
        Layers = 4,
        Hidden = 256,
        Heads = 6,
        KvHeads = 2,
        HeadDim = 64,
        Intermediate = 192,
        Experts = 8,
        TopK = 2,
        Vocab = 512,
        ClaFactor = 1,
        Tied = false,
    };

    /// <summary>Compares the engines in float32 and in every form that is measured. <see cref="LlamaLibrary"/> must be loaded.</summary>
    /// <param name="threads">Threads of each engine.</param>
    /// <exception cref="ModelException">The model cannot be written or loaded.</exception>
    public static List<Agreement> Run(int threads)
    {
        string folder = Directory.CreateTempSubdirectory("hunyuan-peers-").FullName;
        try
        {
            string model = Path.Combine(folder, "model");
            RandomModel.Write(Shape, model);
            return
            [
                Compare(model, ComputeMode.F32, QuantFormat.None, GgufType.F32, threads, limit: 1e-6),
                .. PeerForm.All.Select(form => Compare(model, ComputeMode.Bf16, form.Quant, form.Gguf, threads, Limit(form.Gguf))),
                .. CompareFiles(folder, "moe", FileShape, threads),
                .. CompareFiles(folder, "dense", FileShape with { Experts = 1, TopK = 1, SharedExperts = 0 }, threads),
            ];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // Blocks of K-quants have 256 values.
    private static RandomModelOptions FileShape => Shape with { Heads = 8, HeadDim = 32, Intermediate = 256 };

    // Both engines read the same files.
    private static IEnumerable<Agreement> CompareFiles(string folder, string name, RandomModelOptions shape, int threads)
    {
        string model = Path.Combine(folder, name);
        RandomModel.Write(shape, model);
        foreach (GgufType type in (GgufType[])[GgufType.F32, GgufType.F16, GgufType.BF16, GgufType.Q8_0, GgufType.Q4_0])
        {
            string file = Path.Combine(folder, $"{name}-{type}.gguf");
            GgufConverter.Convert(model, file, type);
            yield return Compare(file, ComputeMode.F32, null, file, $"{name} file", type.ToString(), threads, type == GgufType.F32 ? 1e-6 : FileLimit);
        }

        string whole = Path.Combine(folder, $"{name}-{GgufType.F32}.gguf");
        foreach (LLamaFtype type in QuantizedByPeer)
        {
            string file = Path.Combine(folder, $"{name}-{type}.gguf");
            if (!LLamaQuantizer.Quantize(whole, file, type, threads, allowRequantize: true, quantizeOutputTensor: true))
            {
                throw new ModelException($"llama.cpp cannot quantise {whole}; allowed: {type}.");
            }

            yield return Compare(file, ComputeMode.F32, null, file, $"{name} file", type.ToString(), threads, FileLimit);
        }
    }

    private static Agreement Compare(string model, ComputeMode mode, QuantFormat quant, GgufType type, int threads, double limit)
    {
        string file = Path.Combine(Path.GetDirectoryName(model)!, $"{type}.gguf");
        GgufConverter.Convert(model, file, type);
        return Compare(
            model, mode, quant, file, mode == ComputeMode.F32 ? "f32" : new PeerForm("", quant, type, default).Weights, type.ToString(), threads, limit);
    }

    private static Agreement Compare(
        string model, ComputeMode mode, QuantFormat? quant, string file, string name, string peerName, int threads, double limit)
    {
        bool exact = mode == ComputeMode.F32;
        LlamaSettings settings = new()
        {
            Threads = threads,
            FlashAttention = !exact,
            Cache = exact ? GGMLType.GGML_TYPE_F32 : GGMLType.GGML_TYPE_F16,
        };
        const int positions = PromptTokens + DecodeSteps;
        using OwnModel own = OwnModel.Load(model, mode, quant, threads, Sequences * 2 * positions);
        using LlamaModel peer = LlamaModel.Load(file, settings);
        List<float[]> ours = Logits(own, positions);
        List<float[]> theirs = Logits(peer, positions);
        return new Agreement(
            name,
            peerName,
            ours.Zip(theirs, static (our, their) => LogitDivergence.Kl(our, their)).Average(),
            ours.Zip(theirs, static (our, their) => our.Zip(their, static (a, b) => Math.Abs(a - b)).Max()).Max(),
            ours.Zip(theirs, static (our, their) => TensorPrimitives.IndexOfMax<float>(our) == TensorPrimitives.IndexOfMax<float>(their) ? 1.0 : 0.0).Average(),
            limit);
    }

    // The logits of every sequence after its prompt and after every single token.
    private static List<float[]> Logits(IPeerModel model, int positions)
    {
        Random random = new(2);
        using IPeerContext context = model.CreateContext(Sequences, positions);
        List<float[]> rows = [];
        model.Run(() =>
        {
            foreach (int count in (int[])[PromptTokens, .. Enumerable.Repeat(1, DecodeSteps)])
            {
                int[] tokens = [.. Enumerable.Range(0, Sequences * count).Select(_ => random.Next(Shape.Vocab))];
                context.Step(tokens);
                rows.AddRange(Enumerable.Range(0, Sequences).Select(sequence => context.Logits(sequence).ToArray()));
            }
        });
        return rows;
    }

    // Both round inputs to 8 bits, in blocks of 32 or for a row.
    private const double FileLimit = 0.05;

    // Several times what was measured. With random weights, rounding sends some tokens to other experts.
    private static double Limit(GgufType type) => type switch
    {
        GgufType.Q8_0 => 0.2,
        GgufType.Q4_0 => 1,
        _ => 0.005,
    };
}
