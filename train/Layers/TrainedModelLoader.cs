using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Quantization;
using HunyuanOrleans.Train.Parameters;

namespace HunyuanOrleans.Train.Layers;

/// <summary>
/// Loads a model for training: packs every matrix for both directions, or as it is served if that is quantised, and creates the parameters that are trained.
/// </summary>
public sealed class TrainedModelLoader
{
    private static readonly string LmHead = WeightNames.Module(WeightNames.LmHead);

    private readonly TrainingSelection _selection;
    private readonly LinearOperations _linear;
    private readonly WeightTypes _types;
    private readonly WeightArena _arena;
    private readonly List<IDisposable> _owned = [];
    private readonly List<Parameter> _parameters = [];
    private readonly List<Linear> _trained = [];
    private readonly CancellationToken _cancellation;

    private TrainedModelLoader(TrainingSelection selection, LinearOperations linear, WeightTypes types, PanelKernels kernels, CancellationToken cancellation)
    {
        (_selection, _linear, _types, _cancellation) = (selection, linear, types, cancellation);
        _arena = new WeightArena(kernels);
        _owned.Add(_arena);
    }

    /// <summary>Loads a model.</summary>
    /// <param name="weights">The checkpoint, which must stay open while the model is used.</param>
    /// <param name="selection">What is trained.</param>
    /// <param name="types">
    /// Precision of the products, and the types of the matrices. Quantised ones are as the engine has them, and must not be trained.
    /// </param>
    /// <param name="linear">Packs the weights.</param>
    /// <param name="kernels">The kernels that multiply them.</param>
    /// <param name="progress">Called with the finished layers and their number.</param>
    /// <param name="cancellation">Ends the loading.</param>
    /// <exception cref="ModelException">The model cannot be trained, or a tensor is missing.</exception>
    public static TrainedModel Load(
        Weights weights,
        TrainingSelection selection,
        WeightTypes types,
        LinearOperations linear,
        PanelKernels kernels,
        Action<int, int>? progress = null,
        CancellationToken cancellation = default)
    {
        TrainedModelLoader loader = new(selection, linear, types, kernels, cancellation);
        try
        {
            return loader.Load(weights, progress);
        }
        catch
        {
            loader._owned.Reverse();
            loader._owned.ForEach(static owned => owned.Dispose());
            throw;
        }
    }

    private TrainedModel Load(Weights weights, Action<int, int>? progress)
    {
        ModelConfig config = weights.Config;
        weights.Validate();
        RowSource embeddingRows = weights.Embedding();
        Parameter? embedding = _selection.TrainsBase(WeightNames.Embedding) ? Trained(WeightNames.Embedding, embeddingRows, vector: false, decays: true) : null;
        List<Layer> layers = [];
        for (int layer = 0; layer < config.Layers; layer++)
        {
            layers.Add(LoadLayer(weights, layer));
            progress?.Invoke(layer + 1, config.Layers + 1);
        }

        Norm finalNorm = LoadNorm(WeightNames.FinalNorm, weights.FinalNorm());
        Linear head = LoadHead(weights.LmHead(), embedding, config.TieWordEmbeddings);
        progress?.Invoke(config.Layers + 1, config.Layers + 1);
        return new TrainedModel(_owned)
        {
            Config = config,
            EmbeddingRows = embeddingRows,
            Embedding = embedding,
            Layers = layers,
            FinalNorm = finalNorm,
            Head = head,
            Parameters = _parameters,
            TrainedLinears = _trained,
            Lora = _selection.Lora,
            WeightBytes = _arena.Bytes,
        };
    }

    private Layer LoadLayer(Weights weights, int layer)
    {
        ModelConfig config = weights.Config;
        string attention = WeightNames.Attention(layer);
        (string queryNorm, string keyNorm) = WeightNames.HeadNorms(config);
        bool self = config.IsSelfLayer(layer);
        bool moe = config.IsMoeLayer(layer);
        RowSource[] attentionInputs = self ? [weights.Query(layer), weights.Key(layer), weights.Value(layer)] : [weights.Query(layer)];
        return new Layer
        {
            InputNorm = LoadNorm(WeightNames.Layer(layer) + "input_layernorm.weight", weights.InputNorm(layer)),
            Query = LoadLinear(attention + "q_proj", attentionInputs[0], weights.QueryBias(layer), attentionInputs),
            Key = self ? LoadLinear(attention + "k_proj", attentionInputs[1], weights.KeyBias(layer), attentionInputs) : null,
            Value = self ? LoadLinear(attention + "v_proj", attentionInputs[2], weights.ValueBias(layer), attentionInputs) : null,
            Output = LoadLinear(attention + "o_proj", weights.AttentionOutput(layer), weights.AttentionOutputBias(layer)),
            QueryNorm = weights.QueryNorm(layer) is { } query ? LoadNorm(attention + queryNorm, query) : null,
            KeyNorm = weights.KeyNorm(layer) is { } key ? LoadNorm(attention + keyNorm, key) : null,
            MiddleNorm = LoadNorm(WeightNames.Layer(layer) + "post_attention_layernorm.weight", weights.PostAttentionNorm(layer)),
            Router = moe ? LoadRouter(WeightNames.Module(WeightNames.RouterGates(config, layer)[0]), weights.RouterGate(layer)) : null,
            Shared = !moe ? LoadMlp(WeightNames.DenseMlp(layer), weights.Dense(layer))
                : config.SharedExperts(layer) > 0 ? LoadMlp(WeightNames.SharedMlp(layer), weights.Shared(layer)) : null,
            Experts = moe
                ? [.. Enumerable.Range(0, config.Experts).Select(expert => LoadMlp(WeightNames.ExpertMlp(layer, expert), weights.Expert(layer, expert)))]
                : [],
            TopK = config.TopK(layer),
            RouterBias = moe ? weights.RouterBias(layer)?.ToSingles() ?? [] : [],
        };
    }

    private Mlp LoadMlp(string prefix, MlpRows rows) => new(
        LoadLinear(prefix + "gate_proj", rows.Gate, rows.GateBias, rows.Gate, rows.Up),
        LoadLinear(prefix + "up_proj", rows.Up, rows.UpBias, rows.Gate, rows.Up),
        LoadLinear(prefix + "down_proj", rows.Down, rows.DownBias));

    private Norm LoadNorm(string name, RowSource rows)
    {
        if (_selection.TrainsBase(name))
        {
            Parameter parameter = Trained(name, rows, vector: true, decays: false);
            return new Norm(parameter.Value, parameter);
        }

        return new Norm(ReadVector(rows), null);
    }

    // Matrices that the engine multiplies together share the type and the scale of their input.
    private Linear LoadLinear(string module, RowSource rows, RowSource? bias, params ReadOnlySpan<RowSource> together)
    {
        MatrixSource source = new WeightPlan(_types).AddPart(rows, together.IsEmpty ? [rows] : together).Source;
        Parameter? weight = TrainedOrNull(module + ".weight", rows);
        bool trainsBias = bias is not null && _selection.TrainsBase(module + ".bias");
        Parameter? trainedBias = trainsBias ? Trained(module + ".bias", bias!, vector: true, decays: false) : null;
        Activation? added = trainedBias?.Value ?? (bias is null ? null : ReadVector(bias));
        return Pack(rows, source, new Linear
        {
            Module = module,
            Forward = _arena.Create(rows.Rows, rows.Columns, source.Type),
            Backward = CreateTransposed(rows, source.Type),
            Bias = added,
            Weight = weight,
            BiasParameter = trainedBias,
            Lora = _selection.Lora is { } lora && lora.Adapts(module) ? CreateAdapter(module, rows, lora) : null,
        });
    }

    private Linear LoadHead(RowSource rows, Parameter? embedding, bool isTied)
    {
        MatrixSource source = new WeightPlan(_types).AddHead(rows).Source;
        return Pack(rows, source, new Linear
        {
            Module = LmHead,
            Forward = _arena.Create(rows.Rows, rows.Columns, source.Type),
            Backward = CreateTransposed(rows, source.Type),
            Weight = isTied ? embedding : TrainedOrNull(WeightNames.LmHead, rows),
        });
    }

    private Linear LoadRouter(string module, RowSource rows) => Pack(rows, new WeightPlan(_types).AddFloat32(rows).Source, new Linear
    {
        Module = module,
        Forward = _arena.Create(rows.Rows, rows.Columns, ElementType.F32),
        Backward = CreateTransposed(rows, ElementType.F32),
        Weight = TrainedOrNull(module + ".weight", rows),
    });

    private PackedMatrix? CreateTransposed(RowSource rows, ElementType type) => type.IsQuantized() ? null : _arena.Create(rows.Columns, rows.Rows, type);

    private Linear Pack(RowSource rows, MatrixSource source, Linear linear)
    {
        _cancellation.ThrowIfCancellationRequested();
        if (source.Type.IsQuantized())
        {
            _linear.Pack(source, linear.Forward);
        }
        else if (linear.Weight is { } weight)
        {
            _trained.Add(linear);
            _linear.Repack(linear, weight.Value);
        }
        else
        {
            using Activation values = new(rows.Rows, rows.Columns, ElementType.F32);
            Read(rows, values);
            _linear.Repack(linear, values);
        }

        return linear;
    }

    private LoraAdapter CreateAdapter(string module, RowSource rows, LoraSettings lora)
    {
        LoraAdapter adapter = new(module, rows.Rows, rows.Columns, lora, _selection.Seed);
        foreach (Parameter parameter in (ReadOnlySpan<Parameter>)[adapter.A, adapter.B])
        {
            _owned.Add(parameter);
            _parameters.Add(parameter);
        }

        return adapter;
    }

    private Parameter? TrainedOrNull(string name, RowSource rows) => _selection.TrainsBase(name) ? Trained(name, rows, vector: false, decays: true) : null;

    private Parameter Trained(string name, RowSource rows, bool vector, bool decays)
    {
        Parameter parameter = new(name, vector ? [rows.Rows] : [rows.Rows, rows.Columns], decays);
        _owned.Add(parameter);
        _parameters.Add(parameter);
        if (vector)
        {
            ReadVector(rows, parameter.Value.Row(0));
        }
        else
        {
            Read(rows, parameter.Value);
        }

        return parameter;
    }

    private Activation ReadVector(RowSource rows)
    {
        Activation values = new(1, rows.Rows, ElementType.F32);
        _owned.Add(values);
        ReadVector(rows, values.Row(0));
        return values;
    }

    private static void ReadVector(RowSource rows, Span<float> values)
    {
        for (int i = 0; i < rows.Rows; i++)
        {
            rows.ReadRow(i, values.Slice(i, 1));
        }
    }

    private static void Read(RowSource rows, Activation values) => Parallel.For(0, rows.Rows, row => rows.ReadRow(row, values.Row(row)));
}
