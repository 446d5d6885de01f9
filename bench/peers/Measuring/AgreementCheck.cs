using System.Numerics.Tensors;
using HunyuanOrleans.Bench.Peers.Engines;
using HunyuanOrleans.Bench.Peers.Gguf;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Quantization;
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
            ];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Agreement Compare(string model, ComputeMode mode, QuantFormat quant, GgufType type, int threads, double limit)
    {
        string file = Path.Combine(Path.GetDirectoryName(model)!, $"{type}.gguf");
        GgufConverter.Convert(model, file, type);
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
            exact ? "f32" : new PeerForm("", quant, type, default).Weights,
            type.ToString(),
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

    // Several times what was measured. With random weights, rounding sends some tokens to other experts.
    private static double Limit(GgufType type) => type switch
    {
        GgufType.Q8_0 => 0.2,
        GgufType.Q4_0 => 1,
        _ => 0.005,
    };
}
