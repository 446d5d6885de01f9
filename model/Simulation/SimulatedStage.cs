using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Routing;
using HunyuanOrleans.Model.Adapters;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Devices;
using HunyuanOrleans.Model.Parts;

namespace HunyuanOrleans.Model.Simulation;

/// <summary>
/// A stage of a simulated device. The hash of a row depends on its token and, through the K/V content read block by block, on all tokens before it: a
/// block that was lost, is stale or lies elsewhere changes every token after it. It does not depend on how rows are divided into steps.
/// </summary>
internal sealed class SimulatedStage : IStageRunner
{
    private const ulong SharedExpert = 0x5EA7ED;

    private readonly SimulatedDevice _device;
    private readonly ModelConfig _config;
    private readonly SimulatedRows _hidden;
    private readonly RoutedRows _routed;
    private readonly SimulatedRows? _expertInput;
    private readonly SimulatedRows? _expertOutput;
    private readonly bool[] _allExperts;
    private AttentionBatch? _batch;
    private int _attended = -1;

    public SimulatedStage(SimulatedDevice device)
    {
        _device = device;
        _config = device.Config;
        _allExperts = new bool[_config.Experts];
        Array.Fill(_allExperts, true);
        int rows = device.Options.MaxBatchTokens;
        _hidden = new SimulatedRows(rows, device.ResidualLength);
        _routed = new RoutedRows(rows, device.TopK, _config.Experts);
        if (_config.HasExperts)
        {
            _expertInput = new SimulatedRows(rows * device.TopK, device.ExpertRowLength);
            _expertOutput = new SimulatedRows(rows * device.TopK, device.ExpertRowLength);
        }
    }

    /// <inheritdoc/>
    public IRowBuffer HiddenStates => _hidden;

    /// <inheritdoc/>
    public IRoutedRows Routed => _routed;

    /// <inheritdoc/>
    public IRowBuffer? ExpertInput => _expertInput;

    /// <inheritdoc/>
    public IRowBuffer? ExpertOutput => _expertOutput;

    /// <inheritdoc/>
    public int Rows => _batch?.Rows ?? 0;

    /// <inheritdoc/>
    public bool NeedsChoice(int layer) => _config.IsMoeLayer(layer);

    /// <inheritdoc/>
    public void Begin(AttentionBatch batch, AdapterRows? adapters = null)
    {
        SimulatedDevice.Refuse(adapters);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(batch.Rows, _hidden.Rows, nameof(batch));
        (_batch, _attended) = (batch, -1);
    }

    /// <inheritdoc/>
    public void Embed(ReadOnlySpan<int> tokens)
    {
        Require(ModelPiece.Embedding);
        ArgumentOutOfRangeException.ThrowIfNotEqual(tokens.Length, Rows, nameof(tokens));
        for (int i = 0; i < tokens.Length; i++)
        {
            _hidden.Values[i] = (uint)tokens[i] < (uint)_config.VocabSize
                ? SimulatedHash.Mix(0, (ulong)tokens[i])
                : throw new ModelException($"Token {tokens[i]} is outside the vocabulary; allowed: 0 to {_config.VocabSize - 1}.");
        }
    }

    /// <inheritdoc/>
    public void Attend(int layer)
    {
        AttentionBatch batch = _batch ?? throw new InvalidOperationException("No step has begun.");
        Require(ModelPiece.AttentionOf(_config, layer), layer);
        _attended = -1;
        ulong[] cache = _device.Kv.Group(layer / _config.ClaFactor);
        foreach (ref readonly AttentionSlice slice in batch.Slices)
        {
            if (_config.IsSelfLayer(layer))
            {
                Store(layer, in slice, cache);
            }

            Attend(layer, in slice, cache);
        }

        _device.Clock.Charge(_device.Costs.Attention(layer, batch));
        _device.Router.Route(layer, _hidden.Values.AsSpan(0, Rows), _routed);
        for (int row = 0; row < _routed.Rows; row++)
        {
            _expertInput!.Values[row] = _hidden.Values[_routed.TokenOf[row]];
        }

        _attended = layer;
    }

    /// <inheritdoc/>
    public void FeedForward(int layer, ReadOnlySpan<bool> local)
    {
        CheckAttended(layer);
        if (_routed.Rows > 0 && !local.IsEmpty)
        {
            _device.RunExperts(layer, 0, _routed.Counts, local, _expertInput!, _expertOutput!);
        }

        _device.Clock.Charge(_device.Costs.Shared(layer, Rows));
        for (int row = 0; row < Rows; row++)
        {
            _hidden.Values[row] = SimulatedHash.Mix(_hidden.Values[row], SharedExpert + (ulong)layer);
        }
    }

    /// <inheritdoc/>
    public void Combine(int layer)
    {
        CheckAttended(layer);
        for (int token = 0; _routed.Rows > 0 && token < _routed.Tokens; token++)
        {
            ulong sum = _hidden.Values[token];
            for (int k = 0; k < _routed.TopK; k++)
            {
                sum = SimulatedHash.Append(sum, _expertOutput!.Values[_routed.RowOf[(token * _routed.TopK) + k]]);
            }

            _hidden.Values[token] = sum;
        }

        _attended = -1;
    }

    /// <inheritdoc/>
    public void Run(StageSegment segment) => segment.CallOn(this, _allExperts);

    /// <inheritdoc/>
    public void Logits(int[] rows, int count, StepLogits logits)
    {
        Require(ModelPiece.Head);
        _device.Clock.Charge(_device.Costs.Head(count));
        SimulatedLogits.Write(_hidden.Values, rows, count, logits.Host);
        logits.Begin(count, device: null, top: null);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private void Store(int layer, in AttentionSlice slice, ulong[] cache)
    {
        ReadOnlySpan<int> blocks = slice.Blocks.Span;
        for (int i = 0; i < slice.Count; i++)
        {
            int position = slice.Start + i;
            cache[Address(blocks, position)] = SimulatedHash.Mix(_hidden.Values[slice.FirstRow + i], ((ulong)layer << 32) | (uint)position);
        }
    }

    private void Attend(int layer, in AttentionSlice slice, ulong[] cache)
    {
        ReadOnlySpan<int> blocks = slice.Blocks.Span;
        ulong context = (ulong)layer;
        for (int position = 0; position < slice.Start; position++)
        {
            context = SimulatedHash.Append(context, cache[Address(blocks, position)]);
        }

        for (int i = 0; i < slice.Count; i++)
        {
            context = SimulatedHash.Append(context, cache[Address(blocks, slice.Start + i)]);
            ref ulong row = ref _hidden.Values[slice.FirstRow + i];
            row = SimulatedHash.Mix(row, context);
        }
    }

    private static int Address(ReadOnlySpan<int> blocks, int position) =>
        (blocks[position / KvBlocks.Positions] * KvBlocks.Positions) + (position % KvBlocks.Positions);

    private void Require(ModelPiece piece, int layer = 0)
    {
        if (!_device.Holds(piece))
        {
            throw new MissingPieceException(piece, layer);
        }
    }

    private void CheckAttended(int layer)
    {
        if (layer != _attended)
        {
            throw new InvalidOperationException($"Layer {layer} was not attended before this.");
        }
    }
}
