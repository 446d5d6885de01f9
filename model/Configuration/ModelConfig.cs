using System.Text.Json;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Model.Configuration;

/// <summary>
/// A model's config.json, read, checked and immutable: after <see cref="Parse"/> every size is positive, consistent with the others and
/// small enough to multiply without overflow. Knows shapes, not tensor names nor files of weights.
/// </summary>
public sealed class ModelConfig
{
    private readonly int[] widths;
    private readonly int[] topK;
    private readonly int[] sharedExperts;

    internal ModelConfig(int[] widths, int[] topK, int[] sharedExperts)
    {
        this.widths = widths;
        this.topK = topK;
        this.sharedExperts = sharedExperts;
    }

    /// <summary>The file the values came from, for messages.</summary>
    public required string Source { get; init; }

    /// <summary>Which family of models it is.</summary>
    public required ModelFamily Family { get; init; }

    /// <summary>The config's model_type, as written.</summary>
    public required string ModelType { get; init; }

    /// <summary>Number of layers.</summary>
    public required int Layers { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Key/value heads; divides <see cref="Heads"/>.</summary>
    public required int KvHeads { get; init; }

    /// <summary>Width of one head, even.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Rows of the embedding.</summary>
    public required int VocabSize { get; init; }

    /// <summary>The longest context the model is made for, in tokens.</summary>
    public required int MaxPositions { get; init; }

    /// <summary>Routed experts of each layer that has experts; 1 when every layer is a plain MLP.</summary>
    public required int Experts { get; init; }

    /// <summary>Layers below this number are plain MLPs even in a model with experts (moe_layer_num_skipped).</summary>
    public required int FirstMoeLayer { get; init; }

    /// <summary>Layers that share one K/V; 1 without cross-layer attention.</summary>
    public required int ClaFactor { get; init; }

    /// <summary>Queries and keys are normed per head, after the rotation.</summary>
    public required bool UseQkNorm { get; init; }

    /// <summary>q, k, v and o have biases.</summary>
    public required bool AttentionBias { get; init; }

    /// <summary>Every MLP's gate, up and down have biases.</summary>
    public required bool MlpBias { get; init; }

    /// <summary>The embedding also serves as lm_head; then files hold no lm_head.weight.</summary>
    public required bool TieWordEmbeddings { get; init; }

    /// <summary>Added to the mean square inside every norm.</summary>
    public required float RmsNormEps { get; init; }

    /// <summary>Rotary settings.</summary>
    public required RopeSettings Rope { get; init; }

    /// <summary>The config's torch_dtype (or dtype), "bfloat16" where absent. What the files hold is each tensor's own matter.</summary>
    public required string TorchDtype { get; init; }

    /// <summary>The config's quantization_config; null for an unquantised checkpoint.</summary>
    public required QuantizationConfig? Quantization { get; init; }

    /// <summary>The config's quantization_config.quant_method; null for an unquantised checkpoint.</summary>
    public string? QuantizationMethod => Quantization?.Method;

    /// <summary>Begin-of-text id, where given.</summary>
    public required int? BosTokenId { get; init; }

    /// <summary>Padding id, where given.</summary>
    public required int? PadTokenId { get; init; }

    /// <summary>Ids that end a generation: those of the config and of generation_config.json, ascending, no duplicates.</summary>
    public required IReadOnlyList<int> EosTokenIds { get; init; }

    /// <summary>Query heads per key/value head.</summary>
    public int QueryGroup => Heads / KvHeads;

    /// <summary>Rows of the query projection.</summary>
    public int QuerySize => Heads * HeadDim;

    /// <summary>Rows of the key (and of the value) projection.</summary>
    public int KvSize => KvHeads * HeadDim;

    /// <summary>Groups of layers that share one K/V.</summary>
    public int KvGroups => Layers / ClaFactor;

    /// <summary>True where any layer has routed experts.</summary>
    public bool HasExperts => Experts > 1 && FirstMoeLayer < Layers;

    /// <summary>True where layer <paramref name="layer"/> routes to experts; false where it is a plain MLP.</summary>
    public bool IsMoeLayer(int layer) => Experts > 1 && layer >= FirstMoeLayer;

    /// <summary>True where the layer computes its own K and V; false where it uses those of the first layer of its group.</summary>
    public bool IsSelfLayer(int layer) => layer % ClaFactor == 0;

    /// <summary>Width of one MLP of the layer: of each routed expert, or of the plain MLP in a layer without experts.</summary>
    public int IntermediateSize(int layer) => widths[layer];

    /// <summary>Routed experts a token of the layer goes to; 0 in a layer without experts.</summary>
    public int TopK(int layer) => IsMoeLayer(layer) ? topK[layer] : 0;

    /// <summary>Shared experts of the layer, fused into one MLP; 0 where there is none.</summary>
    public int SharedExperts(int layer) => IsMoeLayer(layer) ? sharedExperts[layer] : 0;

    /// <summary>Width of the shared MLP; 0 where there is none.</summary>
    public int SharedIntermediateSize(int layer) => SharedExperts(layer) * IntermediateSize(layer);

    /// <summary>Numbers of weights, total and used per token.</summary>
    public ParameterCount ParameterCount => ParameterCount.Of(this);

    /// <summary>
    /// Reads <c>config.json</c> of a model folder; the end ids of <c>generation_config.json</c>, where present, are added.
    /// </summary>
    /// <exception cref="ModelException">
    /// A file is missing or unreadable, or a field is wrong; the message says which and what is allowed.
    /// </exception>
    public static ModelConfig Load(string directory)
    {
        string path = Path.Combine(directory, "config.json");
        if (!Directory.Exists(directory))
        {
            throw new ModelException($"{directory}: there is no such folder; allowed: a model folder with a config.json.");
        }

        using JsonDocument json = JsonFile.Read(path);
        return ConfigReader.Read(json.RootElement, path, GenerationDefaults.Load(directory).EosTokenIds);
    }

    /// <summary>Reads a config that is already parsed. <paramref name="source"/> names it in messages.</summary>
    /// <exception cref="ModelException">A field is wrong; the message says which and what is allowed.</exception>
    public static ModelConfig Parse(JsonElement json, string source) => ConfigReader.Read(json, source, []);
}
