using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;

namespace HunyuanOrleans.Cli.Output;

/// <summary>
/// The JSON output of <c>inspect</c>. The fields are those of <see cref="ModelInspection"/> and its config. K/V bytes are those of bf16, except in
/// the table by format.
/// </summary>
internal sealed record InspectResult(
    string Model,
    InspectedConfig Config,
    InspectedParameters Parameters,
    PackedWeights Packed,
    long KvBytesPerToken,
    Dictionary<string, long> KvBytesByFormat,
    InspectedMtp? Mtp,
    Dictionary<string, long> BytesByDtype,
    int Tensors,
    InspectedFile[] Files,
    string? Problem)
{
    /// <summary>Creates the output for an inspection of <paramref name="folder"/>.</summary>
    public static InspectResult Of(string folder, ModelInspection found, PackedWeights packed, InspectedMtp? mtp) => new(
        folder,
        InspectedConfig.Of(found.Config),
        new InspectedParameters(found.Parameters.Total, found.Parameters.Active),
        packed,
        found.KvBytesPerToken[KvFormat.Bf16],
        found.KvBytesPerToken.ToDictionary(pair => pair.Key.Name(), pair => pair.Value),
        mtp,
        found.BytesByType.ToDictionary(pair => pair.Key.ToString(), pair => pair.Value),
        found.Tensors,
        [.. found.Files],
        found.Problem);
}

/// <summary>The memory that the weights take when they are loaded.</summary>
/// <param name="Types">The types of the weights.</param>
/// <param name="Bytes">Bytes of packed weights. The embedding is not included, because it is read from the checkpoint.</param>
internal sealed record PackedWeights(string Types, long Bytes);

/// <summary>The layer for multi-token prediction, which is loaded only with --mtp-tokens.</summary>
/// <param name="Parameters">Its weights.</param>
/// <param name="Bytes">Bytes of its packed weights, once it is loaded.</param>
/// <param name="KvBytesPerToken">Bytes of its keys and values per position in bf16.</param>
internal sealed record InspectedMtp(long Parameters, long Bytes, long KvBytesPerToken)
{
    /// <summary>Creates the output for a model; null if it has no such layer.</summary>
    public static InspectedMtp? Of(ModelConfig config, WeightSizes sizes) => !config.CanPredict ? null : new InspectedMtp(
        config.WithMtp().ParameterCount.Total - config.ParameterCount.Total,
        sizes.Mtp,
        KvFormat.Bf16.PositionBytes(config.WithMtp()) - KvFormat.Bf16.PositionBytes(config));
}

/// <summary>Numbers of weights of a model.</summary>
/// <param name="Total">All weights.</param>
/// <param name="Active">Weights that take part in computing a token.</param>
internal sealed record InspectedParameters(long Total, long Active);

/// <summary>The config as the engine understands it. Fields that may differ between layers have one entry per layer.</summary>
internal sealed record InspectedConfig(
    string ModelType,
    int Layers,
    int HiddenSize,
    int Heads,
    int KvHeads,
    int HeadDim,
    int VocabSize,
    int MaxPositions,
    int Experts,
    int[] TopK,
    int[] SharedExperts,
    int[] IntermediateSize,
    int ClaFactor,
    bool UseQkNorm,
    bool AttentionBias,
    bool TieWordEmbeddings,
    float RmsNormEps,
    double RopeTheta,
    string RopeScaling,
    double RopeAlpha,
    double RopeFactor,
    string Dtype,
    string? Quantization,
    int[] EosTokenIds)
{
    /// <summary>Creates the output for a config.</summary>
    public static InspectedConfig Of(ModelConfig config) => new(
        config.ModelType,
        config.Layers,
        config.HiddenSize,
        config.Heads,
        config.KvHeads,
        config.HeadDim,
        config.VocabSize,
        config.MaxPositions,
        config.Experts,
        PerLayer(config, config.TopK),
        PerLayer(config, config.SharedExperts),
        PerLayer(config, config.IntermediateSize),
        config.ClaFactor,
        config.UseQkNorm,
        config.AttentionBias,
        config.TieWordEmbeddings,
        config.RmsNormEps,
        config.Rope.Theta,
        config.Rope.Scaling.ToString().ToLowerInvariant(),
        config.Rope.Alpha,
        config.Rope.Factor,
        config.TorchDtype,
        config.QuantizationMethod,
        [.. config.EosTokenIds]);

    private static int[] PerLayer(ModelConfig config, Func<int, int> value) => [.. Enumerable.Range(0, config.Layers).Select(value)];
}
