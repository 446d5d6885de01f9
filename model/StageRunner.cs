using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Model.Parts;

namespace HunyuanOrleans.Model;

/// <summary>
/// Computes one step through the layers of a device, call by call, so that other devices can compute experts between the calls. The
/// order of calls for each layer is <see cref="Attend"/>, <see cref="FeedForward"/>, <see cref="Combine"/>. A stage keeps all state of
/// its step, so several stages of one device can interleave their calls, but calls must not overlap. It does not know where other
/// layers and experts are.
/// </summary>
public sealed class StageRunner : IDisposable
{
    private readonly ModelParts _parts;
    private readonly DisposableStack _owned = new();
    private readonly RotaryAngles _rotary;
    private readonly Activation _normed;
    private AttentionBatch? _batch;
    private int _attended = -1;

    internal StageRunner(ModelParts parts)
    {
        _parts = parts;
        int rows = parts.Options.MaxBatchTokens;
        int hidden = parts.Config.HiddenSize;
        ElementType type = parts.Options.Mode.Element();
        HiddenStates = _owned.Add(new Activation(rows, hidden, ElementType.F32));
        Routed = new RoutedRows(rows, parts.TopK, parts.Config.Experts);
        _rotary = _owned.Add(new RotaryAngles(rows, parts.Config.HeadDim));
        _normed = _owned.Add(new Activation(rows, hidden, type));
        if (parts.Config.HasExperts)
        {
            ExpertInput = _owned.Add(new Activation(rows * parts.TopK, hidden, type));
            ExpertOutput = _owned.Add(new Activation(rows * parts.TopK, hidden, type));
        }
    }

    /// <summary>
    /// The residual stream, float32 [<see cref="Loading.ModelOptions.MaxBatchTokens"/>, hidden]; owned by the stage. To continue a step
    /// of another stage, the caller writes that stage's rows here after <see cref="Begin"/>.
    /// </summary>
    public Activation HiddenStates { get; }

    /// <summary>
    /// The experts chosen by the last <see cref="Attend"/>; <see cref="RoutedRows.Rows"/> is 0 in a layer without experts.
    /// </summary>
    public RoutedRows Routed { get; }

    /// <summary>
    /// The rows for the routed experts, ordered by expert, then by token: [routed rows, hidden] in the mode's element type.
    /// <see cref="Attend"/> writes them. Null in a model without experts.
    /// </summary>
    public Activation? ExpertInput { get; }

    /// <summary>
    /// The experts' outputs, one row for each row of <see cref="ExpertInput"/>. <see cref="FeedForward"/> writes the rows of local experts;
    /// the caller writes all other rows before <see cref="Combine"/>. Null in a model without experts.
    /// </summary>
    public Activation? ExpertOutput { get; }

    /// <summary>Rows of the step.</summary>
    public int Rows => _batch?.Rows ?? 0;

    /// <summary>Begins a step and computes the rotary angles of its rows. A step that was not finished is dropped.</summary>
    /// <param name="batch">The rows of the step. It must not change until the step ends.</param>
    /// <exception cref="ArgumentException">More rows than <see cref="Loading.ModelOptions.MaxBatchTokens"/>.</exception>
    public void Begin(AttentionBatch batch)
    {
        _batch = null;
        _attended = -1;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(batch.Rows, _parts.Options.MaxBatchTokens, nameof(batch));
        _parts.Rotary.Fill(batch, _rotary);
        _batch = batch;
    }

    /// <summary>Writes the tokens' embeddings to <see cref="HiddenStates"/>.</summary>
    /// <param name="tokens">One token id for each row.</param>
    /// <exception cref="MissingPieceException">The embedding is not installed.</exception>
    /// <exception cref="ModelException">A token id is outside the vocabulary.</exception>
    public void Embed(ReadOnlySpan<int> tokens)
    {
        if (tokens.Length != Rows)
        {
            throw new ArgumentException($"{tokens.Length} tokens for a step of {Rows} rows.", nameof(tokens));
        }

        _parts.Embedding.Embed(tokens, HiddenStates);
    }

    /// <summary>
    /// Computes a layer's attention, then norms the rows, chooses their experts and writes the rows for them to <see cref="ExpertInput"/>.
    /// </summary>
    /// <param name="layer">Layer number within the model.</param>
    /// <exception cref="MissingPieceException">The layer is not installed; nothing has changed.</exception>
    public void Attend(int layer)
    {
        AttentionBatch batch = _batch ?? throw new InvalidOperationException("No step has begun.");
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)layer, (uint)_parts.Config.Layers, nameof(layer));
        _attended = -1;
        _parts.Attention.Forward(layer, batch, _rotary, HiddenStates);
        _parts.Router.Route(layer, HiddenStates, batch.Rows, _normed, Routed);
        if (Routed.Rows > 0)
        {
            _parts.Router.Gather(_normed, Routed, ExpertInput!);
        }

        _attended = layer;
    }

    /// <summary>
    /// Adds the shared expert (or plain MLP) to <see cref="HiddenStates"/> and writes the rows of local experts to
    /// <see cref="ExpertOutput"/>. All products run as one job, because fewer and longer products keep memory streaming.
    /// </summary>
    /// <param name="layer">The layer of the last <see cref="Attend"/>.</param>
    /// <param name="local">For each expert of the layer, whether it is computed here. Empty: no expert is.</param>
    /// <exception cref="MissingPieceException">The layer or a local expert that has rows is not installed; nothing has changed.</exception>
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
            _parts.Experts!.Check(layer, 0, Routed.Counts, local);
        }

        _parts.Router.QueueSharedUp(layer, _normed, Rows, _parts.Products);
        if (routes)
        {
            _parts.Experts!.QueueUp(layer, 0, Routed.Counts, local, ExpertInput!, _parts.Products);
        }

        _parts.Products.Run();
        _parts.Router.QueueSharedDown(layer, HiddenStates, Rows, _parts.Products);
        if (routes)
        {
            _parts.Experts!.QueueDown(layer, 0, Routed.Counts, local, ExpertOutput!, _parts.Products);
        }

        _parts.Products.Run();
    }

    /// <summary>
    /// Adds the rows of <see cref="ExpertOutput"/>, times their routing weights, to <see cref="HiddenStates"/> by ascending expert number.
    /// </summary>
    /// <param name="layer">The layer of the last <see cref="Attend"/>, after <see cref="FeedForward"/>.</param>
    public void Combine(int layer)
    {
        CheckAttended(layer);
        if (Routed.Rows > 0)
        {
            _parts.Router.Combine(Routed, ExpertOutput!, HiddenStates);
        }

        _attended = -1;
    }

    /// <summary>Computes the logits of some rows of <see cref="HiddenStates"/>, after the last layer.</summary>
    /// <param name="rows">Row numbers within the step.</param>
    /// <param name="count">
    /// Number of entries of <paramref name="rows"/> to use, at most <see cref="Loading.ModelOptions.MaxLogitRows"/>.
    /// </param>
    /// <param name="logits">Receives float32 [count, vocabulary].</param>
    /// <exception cref="MissingPieceException">The head is not installed.</exception>
    public void Logits(int[] rows, int count, Activation logits)
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

    /// <summary>Frees the stage's memory.</summary>
    public void Dispose() => _owned.Dispose();

    private void CheckAttended(int layer)
    {
        if (layer != _attended)
        {
            throw new InvalidOperationException($"Layer {layer} was not attended before this; {(_attended < 0 ? "none" : $"layer {_attended}")} was.");
        }
    }
}
