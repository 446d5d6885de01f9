using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Gradients;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Threading;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Train.Data;

namespace HunyuanOrleans.Train.Layers;

/// <summary>
/// The forward and the backward pass of a whole model over a micro-batch. Activations of all layers are kept, or only the input of each layer, from which
/// the backward pass computes the rest again (<c>recompute</c>). It does not know optimizers or data files. Not thread-safe.
/// </summary>
public sealed class Transformer : IDisposable
{
    private readonly TrainedModel _model;
    private readonly ModelConfig _config;
    private readonly NormGradient _norm;
    private readonly SelfAttention _attention;
    private readonly FeedForward _feedForward;
    private readonly LossHead _head;
    private readonly LinearOperations _linear;
    private readonly RowOperations _rows;
    private readonly AdamWUpdate _clear;
    private readonly Activation[] _inputs;
    private readonly KeyValueState[] _groups;
    private readonly LayerState[] _states;
    private readonly bool _recompute;
    private readonly Activation _normed, _gradient, _branch;

    // The layer whose state is that of the current micro-batch, although other layers may share the buffers.
    private Layer? _lastComputed;

    /// <summary>Allocates memory for activations.</summary>
    /// <param name="model">The weights.</param>
    /// <param name="pool">Workers to use.</param>
    /// <param name="linear">Runs the linear layers.</param>
    /// <param name="tokens">Most tokens of a micro-batch.</param>
    /// <param name="recompute">Whether the backward pass computes activations again instead of keeping them.</param>
    public Transformer(TrainedModel model, WorkerPool pool, LinearOperations linear, int tokens, bool recompute)
    {
        (_model, _config, _linear, _recompute, MaxTokens) = (model, model.Config, linear, recompute, tokens);
        _norm = new NormGradient(pool);
        _rows = new RowOperations(pool);
        _clear = new AdamWUpdate(pool);
        _attention = new SelfAttention(_config, pool, linear, _norm, tokens);
        _feedForward = new FeedForward(pool, linear);
        _head = new LossHead(pool, linear, _config.HiddenSize, _config.VocabSize, tokens);
        _inputs = [.. Enumerable.Range(0, _config.Layers + 1).Select(_ => NewRows())];
        _groups = [.. Enumerable.Range(0, _config.KvGroups).Select(_ => new KeyValueState(_config, tokens))];
        Dictionary<(int Width, int Shared, bool Moe, int TopK), LayerState> shared = [];
        _states = new LayerState[_config.Layers];
        for (int layer = 0; layer < _config.Layers; layer++)
        {
            var shape = (_config.IntermediateSize(layer), _config.SharedIntermediateSize(layer), _config.IsMoeLayer(layer), _config.TopK(layer));
            if (!recompute || !shared.TryGetValue(shape, out LayerState? state))
            {
                state = shared[shape] = new LayerState(_config, layer, tokens);
            }

            _states[layer] = state;
        }

        (_normed, _gradient, _branch) = (NewRows(), NewRows(), NewRows());
    }

    /// <summary>Most tokens of a micro-batch.</summary>
    public int MaxTokens { get; }

    /// <summary>The mean loss of a micro-batch, without gradients and without dropout.</summary>
    public double Loss(MicroBatch batch)
    {
        Forward(batch, dropoutKey: 0);
        return Mean(_head.Run(_model.Head, _normed, batch.PredictingRows, batch.Targets, 0, null), batch);
    }

    /// <summary>Computes the mean loss of a micro-batch, and adds its gradients to those of the parameters.</summary>
    /// <param name="batch">The micro-batch.</param>
    /// <param name="share">Factor of the gradients: 1 / the number of micro-batches of a step.</param>
    /// <param name="dropoutKey">Selects the dropout masks; 0 for none.</param>
    public double LossAndGradients(MicroBatch batch, double share, ulong dropoutKey)
    {
        int tokens = batch.Ids.Length;
        Forward(batch, dropoutKey);
        if (batch.Targets.Length == 0)
        {
            return 0;
        }

        _clear.Clear(_branch);
        double loss = Mean(_head.Run(_model.Head, _normed, batch.PredictingRows, batch.Targets, (float)(share / batch.Targets.Length), _branch), batch);
        float eps = _config.RmsNormEps;
        _norm.Backward(_inputs[^1], _model.FinalNorm.Value, eps, _branch, _gradient, accumulate: false, _model.FinalNorm.Parameter?.Gradient, tokens);
        for (int layer = _config.Layers - 1; layer >= 0; layer--)
        {
            if (_recompute && !ReferenceEquals(_lastComputed, _model.Layers[layer]))
            {
                ForwardLayer(layer, batch.Sequences, tokens);
            }

            BackwardLayer(layer, batch.Sequences, tokens);
        }

        AddEmbeddingGradients(batch.Ids);
        return loss;
    }

    /// <summary>The logits of every position, [tokens, vocabulary], without dropout.</summary>
    public float[] Logits(MicroBatch batch)
    {
        Forward(batch, dropoutKey: 0);
        int tokens = batch.Ids.Length;
        float[] logits = new float[(long)tokens * _config.VocabSize];
        for (int row = 0; row < tokens; row += _head.ChunkRows)
        {
            int count = Math.Min(_head.ChunkRows, tokens - row);
            _head.Logits(_model.Head, _normed, row, count, logits.AsSpan(row * _config.VocabSize));
        }

        return logits;
    }

    /// <summary>The token with the largest logit after each of some rows, without dropout.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="batch">The micro-batch.</param>
    public int[] Best(int[] rows, MicroBatch batch)
    {
        Forward(batch, dropoutKey: 0);
        return _head.Best(_model.Head, _normed, rows);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _attention.Dispose();
        _feedForward.Dispose();
        _head.Dispose();
        foreach (IDisposable owned in _inputs.Concat([_normed, _gradient, _branch]).Concat<IDisposable>(_groups).Concat(_states))
        {
            owned.Dispose();
        }
    }

    private static double Mean(double sum, MicroBatch batch) => batch.Targets.Length == 0 ? 0 : sum / batch.Targets.Length;

    private Activation NewRows() => new(MaxTokens, _config.HiddenSize, ElementType.F32);

    private void Forward(MicroBatch batch, ulong dropoutKey)
    {
        int tokens = batch.Ids.Length;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(tokens, MaxTokens, nameof(batch));
        _linear.DropoutKey = dropoutKey;
        for (int row = 0; row < tokens; row++)
        {
            if (_model.Embedding is { } embedding)
            {
                embedding.Value.Row(batch.Ids[row]).CopyTo(_inputs[0].Row(row));
            }
            else
            {
                _model.EmbeddingRows.ReadRow(batch.Ids[row], _inputs[0].Row(row));
            }
        }

        _attention.Begin(batch.Sequences);
        for (int layer = 0; layer < _config.Layers; layer++)
        {
            ForwardLayer(layer, batch.Sequences, tokens);
        }

        _norm.Forward(_inputs[^1], _model.FinalNorm.Value, _config.RmsNormEps, _normed, tokens);
    }

    private void ForwardLayer(int index, SequenceRange[] sequences, int tokens)
    {
        Layer layer = _model.Layers[index];
        LayerState state = _states[index];
        float eps = _config.RmsNormEps;
        _norm.Forward(_inputs[index], layer.InputNorm.Value, eps, state.Normed, tokens);
        _rows.Copy(_inputs[index], 0, state.Middle, 0, tokens);
        _attention.Forward(layer, state, Group(index), sequences, state.Middle, tokens);
        _norm.Forward(state.Middle, layer.MiddleNorm.Value, eps, state.NormedMiddle, tokens);
        _rows.Copy(state.Middle, 0, _inputs[index + 1], 0, tokens);
        _feedForward.Forward(layer, state, _inputs[index + 1], tokens);
        _lastComputed = layer;
    }

    // The gradient of the residual stream is changed in place: it passes both branches of the layer unchanged and collects their gradients.
    private void BackwardLayer(int index, SequenceRange[] sequences, int tokens)
    {
        Layer layer = _model.Layers[index];
        LayerState state = _states[index];
        float eps = _config.RmsNormEps;
        bool last = index + 1 == _config.Layers || _config.IsSelfLayer(index + 1);
        _feedForward.Backward(layer, state, _gradient, _branch, tokens);
        _norm.Backward(state.Middle, layer.MiddleNorm.Value, eps, _branch, _gradient, accumulate: true, layer.MiddleNorm.Parameter?.Gradient, tokens);
        _attention.Backward(layer, state, Group(index), last, sequences, _gradient, _branch, tokens);
        _norm.Backward(_inputs[index], layer.InputNorm.Value, eps, _branch, _gradient, accumulate: true, layer.InputNorm.Parameter?.Gradient, tokens);
        _lastComputed = null;
    }

    private KeyValueState Group(int layer) => _groups[layer / _config.ClaFactor];

    // The row of the padding token gets no gradient, as in the published code.
    private void AddEmbeddingGradients(int[] ids)
    {
        if (_model.Embedding is not { } embedding)
        {
            return;
        }

        for (int row = 0; row < ids.Length; row++)
        {
            if (ids[row] != _config.PadTokenId)
            {
                RowOperations.AddRow(_gradient, row, 1, embedding.Gradient, ids[row]);
            }
        }
    }
}
