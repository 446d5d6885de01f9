using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Products;
using HunyuanOrleans.Model.Devices;
using HunyuanOrleans.Model.Parts;

namespace HunyuanOrleans.Model;

/// <summary>
/// Runs a model's layer for multi-token prediction (MTP). Of the hidden state at position t and the token at t + 1 it makes logits of the token at t + 2;
/// its output may stand in for the hidden state at t + 1, which continues the chain. Its keys and values are one more group in the KV blocks of the model,
/// at the same positions. At position 0 it sees the following token like anywhere else. It does not know sampling or sequences. It is not thread-safe.
/// </summary>
/// <remarks>
/// y = eh_proj([enorm(embedding of t + 1); hnorm(norm(x_t))]), a sparse decoder layer with weights of its own, m = final_layernorm(y), logits = lm_head(m),
/// as vLLM and llama.cpp compute it.
/// </remarks>
public sealed class MtpRunner : IDisposable
{
    private readonly ModelParts _parts;
    private readonly StageRunner _trunk;
    private readonly MtpWeights _weights;
    private readonly StepLogits _logits;
    private readonly StageRunner _stage;
    private readonly IRmsNorm _norm;
    private readonly IRowGather _gather;
    private readonly IMatrixProducts _products;
    private readonly Activation _chosen;
    private readonly Activation _states;
    private readonly Activation _normed;
    private readonly Activation _joined;
    private readonly Activation _outputs;
    private readonly DisposableStack _owned = new();
    private long _weightBytesRead;
    private int _lastRows;

    /// <summary>Reserves scratch memory for steps of as many rows as the model takes.</summary>
    /// <param name="parts">The parts of the model on a CPU, with the layer's weights. Not owned.</param>
    /// <param name="trunk">Runs the model; holds the hidden states of its last step. Not owned.</param>
    /// <param name="weights">The layer's other weights.</param>
    /// <param name="logits">Receives logits. Not owned.</param>
    internal MtpRunner(ModelParts parts, StageRunner trunk, MtpWeights weights, StepLogits logits)
    {
        (_parts, _trunk, _weights, _logits) = (parts, trunk, weights, logits);
        int rows = parts.Options.MaxBatchTokens, hidden = parts.Config.HiddenSize;
        ElementType type = parts.Options.Mode.Element();
        try
        {
            _stage = _owned.Add(new StageRunner(parts));
            _norm = parts.Device.CreateRmsNorm();
            _gather = parts.Device.CreateGather();
            _products = _owned.Add(parts.Device.CreateProducts(1));
            _chosen = _owned.Add(new Activation(rows, hidden, ElementType.F32));
            _states = _owned.Add(new Activation(rows, hidden, ElementType.F32));
            _normed = _owned.Add(new Activation(rows, hidden, type));
            _joined = _owned.Add(new Activation(rows, 2 * hidden, type));
            _outputs = _owned.Add(new Activation(rows, hidden, ElementType.F32));
        }
        catch
        {
            _owned.Dispose();
            throw;
        }
    }

    /// <summary>The outputs m of the last run, float32 [rows, hidden]; owned by the runner and valid until its next run.</summary>
    public Activation Outputs => _outputs;

    /// <summary>The experts that the last run chose for its rows.</summary>
    public IRoutedRows Routed => _stage.Routed;

    /// <summary>Bytes of weights that all runs so far have read, those of lm_head for their logits included, without those of experts.</summary>
    internal long WeightBytesRead => _weightBytesRead;

    /// <summary>Runs the layer on hidden states of the model's last step, and appends keys and values of every row to its cache.</summary>
    /// <param name="rows">Rows of the model's last step, one for each row of the batch.</param>
    /// <param name="following">For each row, the token that follows it in its sequence.</param>
    /// <param name="batch">The sequences, positions and KV blocks of the rows.</param>
    /// <exception cref="ModelException">A token id is outside the vocabulary.</exception>
    /// <exception cref="ArgumentException">The run is too large, or the lists do not fit the batch.</exception>
    public void Run(int[] rows, ReadOnlySpan<int> following, AttentionBatch batch)
    {
        Check(rows, following.Length, batch, _trunk.Rows);
        _gather.Run(_trunk.HiddenStates, rows, batch.Rows, _chosen);
        _norm.Run(_chosen, batch.Rows, _parts.Head.Weights!.Norm.Vector, _parts.Config.RmsNormEps, _states);
        Compute(following, batch);
    }

    /// <summary>Runs the layer on its own outputs in the place of hidden states.</summary>
    /// <param name="rows">Rows of this layer's last run, one for each row of the batch.</param>
    /// <param name="following">For each row, the token that follows it: the draft that was made of its logits.</param>
    /// <param name="batch">The sequences, positions (one after those of <paramref name="rows"/>) and KV blocks of the rows.</param>
    /// <inheritdoc cref="Run" path="/exception"/>
    public void Continue(int[] rows, ReadOnlySpan<int> following, AttentionBatch batch)
    {
        Check(rows, following.Length, batch, _lastRows);
        _gather.Run(_outputs, rows, batch.Rows, _states);
        Compute(following, batch);
    }

    /// <summary>Computes logits of rows of the last run: of the second token after each row.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="count">Number of entries of <paramref name="rows"/> to use, at most <see cref="Loading.ModelOptions.MaxLogitRows"/>.</param>
    /// <returns>The logits; owned by the model's runner and valid until its next call or the next call of this method.</returns>
    /// <exception cref="ArgumentException">A row does not exist, or they are too many.</exception>
    public StepLogits Logits(int[] rows, int count)
    {
        if (count < 0 || count > Math.Min(rows.Length, _parts.Options.MaxLogitRows) || rows.AsSpan(0, count).ContainsAnyExceptInRange(0, _lastRows - 1))
        {
            throw new ArgumentException(
                $"Logits of {count} rows of a run of {_lastRows}; a run gives at most {_parts.Options.MaxLogitRows}.", nameof(rows));
        }

        _weightBytesRead += _parts.Head.Weights!.Head.ByteLength;
        _parts.Head.Logits(_stage.HiddenStates, rows, count, _logits, _weights.FinalNorm.Vector);
        return _logits;
    }

    /// <inheritdoc/>
    public void Dispose() => _owned.Dispose();

    private void Compute(ReadOnlySpan<int> following, AttentionBatch batch)
    {
        int rows = batch.Rows;
        float eps = _parts.Config.RmsNormEps;
        _lastRows = rows;
        _stage.Begin(batch);
        _parts.Embedding.Embed(following, _chosen);
        _norm.Run(_chosen, rows, _weights.EmbeddingNorm.Vector, eps, _normed);
        Join(rows, offset: 0);
        _norm.Run(_states, rows, _weights.HiddenNorm.Vector, eps, _normed);
        Join(rows, offset: _normed.RowLength);
        _products.Add(_weights.Projection.Matrix, _joined, _stage.HiddenStates, rows, Epilogue.Store);
        _products.Run();
        int layer = _parts.Config.MtpLayer!.Value;
        _stage.Run(StageSegment.OfLayers(layer, layer));
        _norm.Run(_stage.HiddenStates, rows, _weights.FinalNorm.Vector, eps, _outputs);
        _weightBytesRead += _weights.AlwaysReadBytes;
    }

    private void Join(int rows, int offset)
    {
        for (int row = 0; row < rows; row++)
        {
            _normed.RowBytes(row).CopyTo(_joined.RowBytes(row)[offset..]);
        }
    }

    private void Check(int[] rows, int following, AttentionBatch batch, int available)
    {
        if (following != batch.Rows || rows.Length < batch.Rows || batch.Rows > _chosen.Rows)
        {
            throw new ArgumentException(
                $"{following} tokens and {rows.Length} rows for a batch of {batch.Rows} rows; a run carries at most {_chosen.Rows}.", nameof(batch));
        }

        for (int i = 0; i < batch.Rows; i++)
        {
            if ((uint)rows[i] >= (uint)available)
            {
                throw new ArgumentException($"Row {rows[i]} of a run of {available} rows.", nameof(rows));
            }
        }
    }
}
