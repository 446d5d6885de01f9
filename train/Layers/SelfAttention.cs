using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Gradients;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Threading;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Parts;

namespace HunyuanOrleans.Train.Layers;

/// <summary>
/// The first half of a layer in both directions: projections, rotation, norms of heads, and attention. Layers of a group share keys and values; their
/// gradients are summed over the group until the layer that computes them is reached. Not thread-safe.
/// </summary>
public sealed class SelfAttention : IDisposable
{
    private readonly ModelConfig _config;
    private readonly LinearOperations _linear;
    private readonly NormGradient _norm;
    private readonly RotaryGradient _rotary;
    private readonly CausalAttention _attention;
    private readonly RowOperations _rows;
    private readonly AdamWUpdate _clear;
    private readonly RotaryEmbedding _embedding;
    private readonly Activation _cos, _sin, _attended, _query, _key, _groupKey, _groupValue;

    /// <summary>Reserves scratch memory.</summary>
    /// <param name="config">The model.</param>
    /// <param name="pool">Workers to use.</param>
    /// <param name="linear">Runs the linear layers.</param>
    /// <param name="norm">Runs the norms.</param>
    /// <param name="tokens">Most tokens of a micro-batch.</param>
    public SelfAttention(ModelConfig config, WorkerPool pool, LinearOperations linear, NormGradient norm, int tokens)
    {
        (_config, _linear, _norm) = (config, linear, norm);
        _rotary = new RotaryGradient(pool);
        _attention = new CausalAttention(pool);
        _rows = new RowOperations(pool);
        _clear = new AdamWUpdate(pool);
        _embedding = RotaryEmbedding.Of(config);
        _cos = new Activation(tokens, config.HeadDim / 2, ElementType.F32);
        _sin = new Activation(tokens, config.HeadDim / 2, ElementType.F32);
        _attended = new Activation(tokens, config.QuerySize, ElementType.F32);
        _query = new Activation(tokens, config.QuerySize, ElementType.F32);
        _key = new Activation(tokens, config.KvSize, ElementType.F32);
        _groupKey = new Activation(tokens, config.KvSize, ElementType.F32);
        _groupValue = new Activation(tokens, config.KvSize, ElementType.F32);
    }

    /// <summary>Computes the angles of a micro-batch. Each sequence begins at position 0.</summary>
    public void Begin(SequenceRange[] sequences)
    {
        foreach (SequenceRange sequence in sequences)
        {
            for (int i = 0; i < sequence.Length; i++)
            {
                _embedding.Fill(i, sequence.Length, _cos.Row(sequence.Start + i), _sin.Row(sequence.Start + i));
            }
        }
    }

    /// <summary>Adds the output of attention to the residual stream.</summary>
    /// <param name="layer">The weights.</param>
    /// <param name="state">The state, with <see cref="LayerState.Normed"/> set.</param>
    /// <param name="group">Keys and values of the layer's group. The first layer of the group computes them.</param>
    /// <param name="sequences">The sequences.</param>
    /// <param name="x">The residual stream, [tokens, hidden].</param>
    /// <param name="tokens">Number of tokens.</param>
    public void Forward(Layer layer, LayerState state, KeyValueState group, SequenceRange[] sequences, Activation x, int tokens)
    {
        bool normsFirst = NormsFirst(layer);
        _linear.Forward(layer.Query, state.Normed, 0, state.Query, 0, tokens, accumulate: false);
        if (!normsFirst)
        {
            _rotary.Rotate(state.Query, _cos, _sin, tokens, backward: false);
        }

        if (layer.Key is { } key && layer.Value is { } value)
        {
            _linear.Forward(key, state.Normed, 0, group.Key, 0, tokens, accumulate: false);
            _linear.Forward(value, state.Normed, 0, group.Value, 0, tokens, accumulate: false);
            if (!normsFirst)
            {
                _rotary.Rotate(group.Key, _cos, _sin, tokens, backward: false);
            }
        }

        if (layer.QueryNorm is { } queryNorm && layer.KeyNorm is { } keyNorm)
        {
            _norm.Forward(state.Query, queryNorm.Value, _config.RmsNormEps, state.NormedQuery, tokens);
            _norm.Forward(group.Key, keyNorm.Value, _config.RmsNormEps, state.NormedKey!, tokens);
        }

        if (normsFirst)
        {
            _rotary.Rotate(state.NormedQuery, _cos, _sin, tokens, backward: false);
            _rotary.Rotate(state.NormedKey!, _cos, _sin, tokens, backward: false);
        }

        _attention.Forward(Rows(state, group), sequences, state.Attended, state.LogSums);
        _linear.Forward(layer.Output, state.Attended, 0, x, 0, tokens, accumulate: true);
    }

    /// <summary>The gradients of <see cref="Forward(Layer, LayerState, KeyValueState, SequenceRange[], Activation, int)"/>.</summary>
    /// <param name="layer">The weights.</param>
    /// <param name="state">The state of the forward pass.</param>
    /// <param name="group">Keys and values of the layer's group.</param>
    /// <param name="last">Whether the layer is the last of its group, whose backward pass comes first.</param>
    /// <param name="sequences">The sequences.</param>
    /// <param name="dy">Gradient of the residual stream after attention.</param>
    /// <param name="dx">Receives the gradient of <see cref="LayerState.Normed"/>.</param>
    /// <param name="tokens">Number of tokens.</param>
    public void Backward(Layer layer, LayerState state, KeyValueState group, bool last, SequenceRange[] sequences, Activation dy, Activation dx, int tokens)
    {
        if (last)
        {
            _clear.Clear(_groupKey);
            _clear.Clear(_groupValue);
        }

        _linear.Backward(layer.Output, state.Attended, 0, dy, 0, _attended, 0, tokens, accumulate: false);
        _attention.Backward(Rows(state, group), sequences, state.Attended, state.LogSums, _attended, _query, _key, _groupValue);
        bool normsFirst = NormsFirst(layer);
        if (normsFirst)
        {
            _rotary.Rotate(_query, _cos, _sin, tokens, backward: true);
            _rotary.Rotate(_key, _cos, _sin, tokens, backward: true);
        }

        if (layer.QueryNorm is { } queryNorm && layer.KeyNorm is { } keyNorm)
        {
            float eps = _config.RmsNormEps;
            _norm.Backward(state.Query, queryNorm.Value, eps, _query, _query, accumulate: false, queryNorm.Parameter?.Gradient, tokens);
            _norm.Backward(group.Key, keyNorm.Value, eps, _key, _groupKey, accumulate: true, keyNorm.Parameter?.Gradient, tokens);
        }
        else
        {
            _rows.Add(_key, 0, _groupKey, 0, tokens);
        }

        if (!normsFirst)
        {
            _rotary.Rotate(_query, _cos, _sin, tokens, backward: true);
        }

        _linear.Backward(layer.Query, state.Normed, 0, _query, 0, dx, 0, tokens, accumulate: false);
        if (layer.Key is { } key && layer.Value is { } value)
        {
            if (!normsFirst)
            {
                _rotary.Rotate(_groupKey, _cos, _sin, tokens, backward: true);
            }

            _linear.Backward(key, state.Normed, 0, _groupKey, 0, dx, 0, tokens, accumulate: true);
            _linear.Backward(value, state.Normed, 0, _groupValue, 0, dx, 0, tokens, accumulate: true);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _attention.Dispose();
        foreach (Activation buffer in (ReadOnlySpan<Activation>)[_cos, _sin, _attended, _query, _key, _groupKey, _groupValue])
        {
            buffer.Dispose();
        }
    }

    // Such models have keys of their own in every layer, so a group is one layer.
    private bool NormsFirst(Layer layer) => _config.NormsBeforeRotary && layer.QueryNorm is not null;

    private AttentionRows Rows(LayerState state, KeyValueState group) => new(state.NormedQuery, state.NormedKey ?? group.Key, group.Value, _config.HeadDim);
}
