using System.Text.Json;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Checkpoints.Gguf;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Model.Configuration;

/// <summary>
/// The validated, immutable content of a model's config.json. Every size is positive, consistent with the others and small enough to
/// multiply without overflow. It knows shapes, but neither tensor names nor weight files.
/// </summary>
public sealed class ModelConfig
{
    private readonly int[] _widths;
    private readonly int[] _topK;
    private readonly int[] _sharedExperts;

    private int? _context;
    private bool _hasMtp;

    internal ModelConfig(int[] widths, int[] topK, int[] sharedExperts)
    {
        _widths = widths;
        _topK = topK;
        _sharedExperts = sharedExperts;
    }

    /// <summary>The file the values were read from, for messages.</summary>
    public required string Source { get; init; }

    /// <summary>The model family.</summary>
    public required ModelFamily Family { get; init; }

    /// <summary>The config's model_type, as written.</summary>
    public required string ModelType { get; init; }

    /// <summary>Number of layers; with <see cref="WithMtp"/> one more than the model runs for a token.</summary>
    public required int Layers { get => field + (_hasMtp ? 1 : 0); init; }

    /// <summary>Width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Number of query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Number of key/value heads, a divisor of <see cref="Heads"/>.</summary>
    public required int KvHeads { get; init; }

    /// <summary>Width of one head, an even number.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Number of rows of the embedding.</summary>
    public required int VocabSize { get; init; }

    /// <summary>The longest context in tokens: the one that the model is made for, unless <see cref="WithContext"/> set another.</summary>
    public required int MaxPositions { get => _context ?? field; init; }

    /// <summary>Number of routed experts in each layer that has experts; 1 if every layer is a plain MLP.</summary>
    public required int Experts { get; init; }

    /// <summary>The first layer with experts (moe_layer_num_skipped). Layers before it are plain MLPs.</summary>
    public required int FirstMoeLayer { get; init; }

    /// <summary>Number of consecutive layers that share keys and values; 1 without cross-layer attention (CLA).</summary>
    public required int ClaFactor { get; init; }

    /// <summary>Whether queries and keys are normed per head.</summary>
    public required bool UseQkNorm { get; init; }

    /// <summary>Whether these norms come before the rotary embedding. Otherwise they come after it.</summary>
    public bool NormsBeforeRotary => UseQkNorm && Family == ModelFamily.HyV3;

    /// <summary>The settings of routers that score experts by sigmoids; null (default) if they use a softmax over all experts.</summary>
    public SigmoidRouterSettings? SigmoidRouter { get; init; }

    /// <summary>
    /// Number of layers behind the last one that predict further tokens (num_nextn_predict_layers). The model itself does not run them. Default 0.
    /// </summary>
    public int PredictLayers { get; init; }

    /// <summary>Whether the model has a layer for multi-token prediction that <see cref="WithMtp"/> can add. False once it is added.</summary>
    public bool CanPredict => !_hasMtp && PredictLayers > 0 && IsMoeLayer(Layers) && _widths.Length > Layers;

    /// <summary>Number of the layer for multi-token prediction among <see cref="Layers"/>; null unless <see cref="WithMtp"/> added it.</summary>
    public int? MtpLayer => _hasMtp ? Layers - 1 : null;

    /// <summary>Whether the q, k, v and o projections have biases.</summary>
    public required bool AttentionBias { get; init; }

    /// <summary>Whether the gate, up and down projections of every MLP have biases.</summary>
    public required bool MlpBias { get; init; }

    /// <summary>Whether the embedding also serves as lm_head, so that the checkpoint needs no lm_head.weight.</summary>
    public required bool TieWordEmbeddings { get; init; }

    /// <summary>The epsilon that every norm adds to the mean square.</summary>
    public required float RmsNormEps { get; init; }

    /// <summary>Settings of the rotary embedding.</summary>
    public required RopeSettings Rope { get; init; }

    /// <summary>The config's torch_dtype (or dtype); "bfloat16" if absent. The type of each tensor in the files may be different.</summary>
    public required string TorchDtype { get; init; }

    /// <summary>The config's quantization_config; null for an unquantised checkpoint.</summary>
    public required QuantizationConfig? Quantization { get; init; }

    /// <summary>The config's quantization_config.quant_method; null for an unquantised checkpoint.</summary>
    public string? QuantizationMethod => Quantization?.Method;

    /// <summary>The begin-of-text id; null if not given.</summary>
    public required int? BosTokenId { get; init; }

    /// <summary>The padding id; null if not given.</summary>
    public required int? PadTokenId { get; init; }

    /// <summary>
    /// Token ids that end a generation, from config.json and generation_config.json, ascending and without duplicates.
    /// </summary>
    public required IReadOnlyList<int> EosTokenIds { get; init; }

    /// <summary>Number of query heads per key/value head.</summary>
    public int QueryGroup => Heads / KvHeads;

    /// <summary>Number of rows of the query projection.</summary>
    public int QuerySize => Heads * HeadDim;

    /// <summary>Number of rows of the key projection, and of the value projection.</summary>
    public int KvSize => KvHeads * HeadDim;

    /// <summary>Number of groups of layers that share keys and values.</summary>
    public int KvGroups => GroupsIn(Layers);

    /// <summary>Whether any layer has routed experts.</summary>
    public bool HasExperts => Experts > 1 && FirstMoeLayer < Layers;

    /// <summary>Whether a layer has routed experts; otherwise it is a plain MLP.</summary>
    public bool IsMoeLayer(int layer) => Experts > 1 && layer >= FirstMoeLayer;

    /// <summary>Whether a layer computes its own keys and values; otherwise it uses those of the first layer of its group.</summary>
    public bool IsSelfLayer(int layer) => layer % ClaFactor == 0;

    /// <summary>Number of layers in the group that begins with a layer. The last group may be shorter than the others.</summary>
    public int GroupLayers(int firstLayer) => Math.Min(ClaFactor, Layers - firstLayer);

    /// <summary>Number of groups in a range of layers of whole groups.</summary>
    public int GroupsIn(int layers) => (layers + ClaFactor - 1) / ClaFactor;

    /// <summary>Width of each routed expert of a layer, or of the plain MLP in a layer without experts.</summary>
    public int IntermediateSize(int layer) => _widths[layer];

    /// <summary>Number of routed experts per token in a layer; 0 in a layer without experts.</summary>
    public int TopK(int layer) => IsMoeLayer(layer) ? _topK[layer] : 0;

    /// <summary>Number of shared experts in a layer, which are fused into one MLP; 0 if there is none.</summary>
    public int SharedExperts(int layer) => IsMoeLayer(layer) ? _sharedExperts[layer] : 0;

    /// <summary>Width of the shared MLP; 0 if there is none.</summary>
    public int SharedIntermediateSize(int layer) => SharedExperts(layer) * IntermediateSize(layer);

    /// <summary>The number of weights, in total and used per token.</summary>
    public ParameterCount ParameterCount => ParameterCount.Of(this);

    /// <summary>
    /// Reads <c>config.json</c> of a model folder, and adds the end ids of <c>generation_config.json</c> if that file exists; or the metadata of a GGUF
    /// file.
    /// </summary>
    /// <param name="directory">The folder, or the GGUF file.</param>
    /// <exception cref="ModelException">
    /// A file is missing or unreadable, or a field is invalid. The message names it and what is allowed.
    /// </exception>
    public static ModelConfig Load(string directory)
    {
        if (GgufModel.Find(directory) is { } header)
        {
            using Checkpoint checkpoint = Checkpoint.Open(directory);
            return GgufModel.Config(header, checkpoint.Tensors);
        }

        string path = Path.Combine(directory, "config.json");
        ModelFolders.RequireConfig(directory, path);

        using JsonDocument json = JsonFile.Read(path);
        return ConfigReader.Read(json.RootElement, path, GenerationDefaults.Load(directory).EosTokenIds, directory);
    }

    /// <summary>Whether a path can be a model: a folder with a config.json or with GGUF files, or a GGUF file.</summary>
    public static bool Exists(string path) =>
        File.Exists(Path.Combine(path, "config.json")) || (IsGguf(path) && File.Exists(path)) || (Directory.Exists(path) && Directory.EnumerateFiles(path).Any(IsGguf));

    /// <summary>
    /// The same model with another longest context. Rotary angles stay as they are: an alpha is the same at every length, and dynamic scaling without one
    /// begins at the length that the model is made for.
    /// </summary>
    /// <param name="tokens">The longest context in tokens, at least 1; null for that of the model.</param>
    public ModelConfig WithContext(int? tokens)
    {
        if (tokens is null)
        {
            return this;
        }

        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(tokens.Value, nameof(tokens));
        ModelConfig copy = (ModelConfig)MemberwiseClone();
        copy._context = tokens;
        return copy;
    }

    /// <summary>
    /// The same model with the first of its layers that predict further tokens (multi-token prediction, MTP) as one more layer behind the last one, so that
    /// its weights, keys and values are found and counted like those of any layer. It always has experts.
    /// </summary>
    /// <exception cref="ModelException">The model has no such layer.</exception>
    public ModelConfig WithMtp()
    {
        if (_hasMtp)
        {
            return this;
        }

        if (!CanPredict)
        {
            throw new ModelException(
                $"{Source}: the model has no layer for multi-token prediction (num_nextn_predict_layers is {PredictLayers}); allowed: a model of type "
                + $"{HyV3Reader.ModelType} with num_nextn_predict_layers of 1 or more and experts in that layer, or no MTP.");
        }

        ModelConfig copy = (ModelConfig)MemberwiseClone();
        copy._hasMtp = true;
        return copy;
    }

    /// <summary>The same model without the layer that <see cref="WithMtp"/> added.</summary>
    public ModelConfig WithoutMtp()
    {
        ModelConfig copy = (ModelConfig)MemberwiseClone();
        copy._hasMtp = false;
        return copy;
    }

    /// <summary>Reads a config that is already parsed. <paramref name="source"/> is its name in messages.</summary>
    /// <exception cref="ModelException">A field is invalid; the message names it and what is allowed.</exception>
    public static ModelConfig Parse(JsonElement json, string source) => ConfigReader.Read(json, source, []);

    private static bool IsGguf(string path) => path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase);
}
