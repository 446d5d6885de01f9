using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Routing;
using HunyuanOrleans.Model.Adapters;
using HunyuanOrleans.Model.Devices;
using HunyuanOrleans.Model.Parts;

namespace HunyuanOrleans.Model;

/// <summary>A stage of a <see cref="ModelDevice"/>.</summary>
public sealed class StageRunner : IStageRunner
{
    private readonly ModelParts _parts;
    private readonly DisposableStack _owned = new();
    private readonly IStepRows _step;
    private readonly IActivation _normed;
    private readonly bool[] _allExperts;
    private readonly Action _callSegment;
    private StageSegment _segment;
    private AttentionBatch? _batch;
    private AdapterRows? _adapters;
    private LoraAdapter?[] _sentAdapters = [];
    private int _attended = -1;

    internal StageRunner(ModelParts parts)
    {
        _parts = parts;
        _allExperts = new bool[parts.Config.Experts];
        Array.Fill(_allExperts, true);
        _callSegment = CallSegment;
        int rows = parts.Options.MaxBatchTokens;
        int hidden = parts.Config.HiddenSize;
        ElementType type = parts.Options.Mode.Element();
        IComputeDevice device = parts.Device;
        try
        {
            HiddenStates = _owned.Add(device.CreateActivation(rows, hidden, ElementType.F32));
            Routed = _owned.Add(device.CreateRoutedRows(rows, parts.TopK, parts.Config.Experts));
            _step = _owned.Add(parts.Attention.CreateRows());
            _normed = _owned.Add(device.CreateActivation(rows, hidden, type));
            if (parts.Config.HasExperts)
            {
                ExpertInput = _owned.Add(device.CreateActivation(rows * parts.TopK, hidden, type));
                ExpertOutput = _owned.Add(device.CreateActivation(rows * parts.TopK, hidden, type));
            }
        }
        catch
        {
            _owned.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public IActivation HiddenStates { get; }

    /// <inheritdoc/>
    public IRoutedRows Routed { get; }

    /// <inheritdoc/>
    public IActivation? ExpertInput { get; }

    /// <inheritdoc/>
    public IActivation? ExpertOutput { get; }

    /// <inheritdoc/>
    public int Rows => _batch?.Rows ?? 0;

    /// <inheritdoc/>
    public bool NeedsChoice(int layer) => _parts.Config.IsMoeLayer(layer) && (_parts.Device.UsesHostMemory || !_parts.Experts!.HoldsAll(layer));

    /// <inheritdoc/>
    public void Begin(AttentionBatch batch, AdapterRows? adapters = null)
    {
        if (adapters is { Any: true } && (adapters.Rows != batch.Rows || _parts.Adapters is null))
        {
            throw new ArgumentException($"Adapters for {adapters.Rows} of {batch.Rows} rows.", nameof(adapters));
        }

        _adapters = adapters is { Any: true } ? adapters : null;
        _batch = null;
        _attended = -1;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(batch.Rows, _parts.Options.MaxBatchTokens, nameof(batch));
        _parts.Rotary.Fill(batch, _step.Angles);
        _step.Begin(batch);
        _batch = batch;
    }

    /// <inheritdoc/>
    public void Embed(ReadOnlySpan<int> tokens)
    {
        if (tokens.Length != Rows)
        {
            throw new ArgumentException($"{tokens.Length} tokens for a step of {Rows} rows.", nameof(tokens));
        }

        _parts.Embedding.Embed(tokens, HiddenStates);
    }

    /// <inheritdoc/>
    public void Attend(int layer)
    {
        AttentionBatch batch = _batch ?? throw new InvalidOperationException("No step has begun.");
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)layer, (uint)_parts.Config.Layers, nameof(layer));
        _attended = -1;
        _parts.Attention.Forward(layer, _step, HiddenStates, _adapters);
        _parts.Router.Route(layer, HiddenStates, batch.Rows, _normed, Routed);
        if (Routed.Rows > 0)
        {
            _parts.Router.Gather(_normed, Routed, ExpertInput!);
        }

        _attended = layer;
    }

    /// <inheritdoc/>
    public void FeedForward(int layer, ReadOnlySpan<bool> local)
    {
        CheckAttended(layer);
        if (!local.IsEmpty && local.Length != _parts.Config.Experts)
        {
            throw new ArgumentException($"{local.Length} flags for {_parts.Config.Experts} experts.", nameof(local));
        }

        bool routes = Routed.Rows > 0 && !local.IsEmpty;
        if (routes)
        {
            _parts.Experts!.Check(layer, Routed, local);
        }

        if (_adapters is not null)
        {
            FeedAdapted(_adapters, layer, routes, local);
            return;
        }

        _parts.Router.QueueSharedUp(layer, _normed, Rows, _parts.Products);
        if (routes)
        {
            _parts.Experts!.QueueUp(layer, Routed, local, ExpertInput!, _parts.Products);
        }

        _parts.Products.Run();
        _parts.Router.QueueSharedDown(layer, HiddenStates, Rows, _parts.Products);
        if (routes)
        {
            _parts.Experts!.QueueDown(layer, Routed, local, ExpertOutput!, _parts.Products);
        }

        _parts.Products.Run();
    }

    /// <inheritdoc/>
    public void Combine(int layer)
    {
        CheckAttended(layer);
        if (Routed.Rows > 0)
        {
            _parts.Router.Combine(Routed, ExpertOutput!, HiddenStates);
        }

        _attended = -1;
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Segments without attention are not recorded: what follows the last attention of a stage is at most five launches, which a graph would not make cheaper.
    /// Neither are those that choose among experts of which some are missing: a replay would not check whether the chosen ones are here.
    /// </remarks>
    public void Run(StageSegment segment)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(segment.FirstLayer, nameof(segment));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(segment.LastLayer, _parts.Config.Layers, nameof(segment));
        ArgumentOutOfRangeException.ThrowIfLessThan(segment.LastNumber, segment.FirstNumber, nameof(segment));
        if (segment.First != StageCall.Attend)
        {
            CheckAttended(segment.FirstLayer);
        }

        _segment = segment;
        if (!CanReplay(segment))
        {
            CallSegment();
            return;
        }

        if (segment.First == StageCall.FeedForward && Routed.Rows > 0)
        {
            _parts.Experts!.Check(segment.FirstLayer, Routed, _allExperts);
        }

        if (!_parts.Device.Replay(_step, new OperationRun(segment.FirstNumber, segment.LastNumber, _parts.Version), _callSegment))
        {
            SkipSegment();
        }
    }

    /// <inheritdoc/>
    public void Logits(int[] rows, int count, StepLogits logits)
    {
        if (count < 0 || count > Math.Min(rows.Length, _parts.Options.MaxLogitRows))
        {
            throw new ArgumentException(
                $"Logits of {count} rows out of a list of {rows.Length}; a step gives at most {_parts.Options.MaxLogitRows}.", nameof(count));
        }

        for (int i = 0; i < count; i++)
        {
            if ((uint)rows[i] >= (uint)Rows)
            {
                throw new ArgumentException($"Logits of row {rows[i]} of a batch of {Rows} rows.", nameof(rows));
            }
        }

        _parts.Head.Logits(HiddenStates, rows, count, logits);
    }

    IRowBuffer IStageRunner.HiddenStates => HiddenStates;

    IRowBuffer? IStageRunner.ExpertInput => ExpertInput;

    IRowBuffer? IStageRunner.ExpertOutput => ExpertOutput;

    /// <summary>Frees the stage's memory.</summary>
    public void Dispose() => _owned.Dispose();

    private void FeedAdapted(AdapterRows adapters, int layer, bool routes, ReadOnlySpan<bool> local)
    {
        AdapterProducts products = _parts.Adapters!;
        ExpertGroup? experts = routes ? _parts.Experts : null;
        IActivation? hidden = _parts.Router.SharedHidden(layer);
        Activation? up = hidden is null ? null : products.UpSums(adapters, layer, hidden.Columns);
        Activation? expertUp = experts is null ? null : products.ExpertUpSums(adapters, layer);
        Activation? expertDown = experts is null ? null : products.ExpertDownSums(adapters, layer);
        ExpertCall call = new(layer, 0, routes ? Routed.Counts : default, local, routes ? SentAdapters(adapters) : default);
        _parts.Router.QueueSharedUp(layer, _normed, Rows, _parts.Products, up);
        experts?.QueueUp(layer, Routed, local, ExpertInput!, _parts.Products, expertUp);
        _parts.Products.Run();
        if (up is not null)
        {
            products.FinishUp(adapters, layer, _normed, up, hidden!);
        }

        if (expertUp is not null)
        {
            products.FinishExpertsUp(call, ExpertInput!, expertUp, experts!.Hidden(layer));
        }

        _parts.Router.QueueSharedDown(layer, HiddenStates, Rows, _parts.Products);
        experts?.QueueDown(layer, Routed, local, expertDown ?? ExpertOutput!, _parts.Products);
        _parts.Products.Run();
        if (hidden is not null)
        {
            products.AddToStream(adapters, layer, AdaptedProjection.Down, hidden, HiddenStates);
        }

        if (experts is not null)
        {
            products.FinishExpertsDown(call, experts.Hidden(layer), expertDown, ExpertOutput!);
        }
    }

    private ReadOnlySpan<LoraAdapter?> SentAdapters(AdapterRows adapters)
    {
        RoutedRows routed = (RoutedRows)Routed;
        if (_sentAdapters.Length < routed.Rows)
        {
            _sentAdapters = new LoraAdapter?[routed.TokenOf.Length];
        }

        ReadOnlySpan<LoraAdapter?> ofRow = adapters.OfRow;
        for (int row = 0; row < routed.Rows; row++)
        {
            _sentAdapters[row] = ofRow[routed.TokenOf[row]];
        }

        return _sentAdapters.AsSpan(0, routed.Rows);
    }

    private bool CanReplay(in StageSegment segment)
    {
        int end = segment.Last == StageCall.Attend ? segment.LastLayer : segment.LastLayer + 1;
        for (int layer = segment.First == StageCall.Attend ? segment.FirstLayer : segment.FirstLayer + 1; layer < end; layer++)
        {
            if (NeedsChoice(layer))
            {
                return false;
            }
        }

        return segment.Attends;
    }

    private void CallSegment() => _segment.CallOn(this, _allExperts);

    // After a replay the host is where the calls would have left it.
    private void SkipSegment()
    {
        Routed.Begin(Rows, _parts.Config.TopK(_segment.LastLayer));
        _attended = _segment.Last == StageCall.Combine ? -1 : _segment.LastLayer;
    }

    private void CheckAttended(int layer)
    {
        if (layer != _attended)
        {
            throw new InvalidOperationException($"Layer {layer} was not attended before this; {(_attended < 0 ? "none" : $"layer {_attended}")} was.");
        }
    }
}
