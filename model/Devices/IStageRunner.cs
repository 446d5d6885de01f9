using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Model.Adapters;
using HunyuanOrleans.Model.Parts;

namespace HunyuanOrleans.Model.Devices;

/// <summary>
/// Computes one step through the layers of a device, call by call, so that other devices can compute experts between the calls. The
/// order of calls for each layer is <see cref="Attend"/>, <see cref="FeedForward"/>, <see cref="Combine"/>; <see cref="Run"/> makes several of
/// them at once. A stage keeps all state of its step, so several stages of one device can interleave their calls, but calls must not overlap. It does not know where other
/// layers and experts are.
/// </summary>
public interface IStageRunner : IDisposable
{
    /// <summary>
    /// The residual stream, float32 [<see cref="Loading.ModelOptions.MaxBatchTokens"/>, hidden]; owned by the stage. To continue a step
    /// of another stage, the caller writes that stage's rows here after <see cref="Begin"/>.
    /// </summary>
    IRowBuffer HiddenStates { get; }

    /// <summary>
    /// The experts chosen by the last <see cref="Attend"/>; <see cref="IRoutedRows.Rows"/> is 0 in a layer without experts.
    /// </summary>
    IRoutedRows Routed { get; }

    /// <summary>
    /// The rows for the routed experts, ordered by expert, then by token: [routed rows, hidden] in the mode's element type.
    /// <see cref="Attend"/> writes them. Null in a model without experts.
    /// </summary>
    IRowBuffer? ExpertInput { get; }

    /// <summary>
    /// The experts' outputs, one row for each row of <see cref="ExpertInput"/>. <see cref="FeedForward"/> writes the rows of local experts;
    /// the caller writes all other rows before <see cref="Combine"/>. Null in a model without experts.
    /// </summary>
    IRowBuffer? ExpertOutput { get; }

    /// <summary>Rows of the step.</summary>
    int Rows { get; }

    /// <summary>
    /// Whether the caller should look at the experts that <see cref="Attend"/> chooses in a layer: some may be elsewhere, or the host knows the choice anyway.
    /// Otherwise all experts are here, and looking at <see cref="Routed"/> would wait for the device and end what it may replay.
    /// </summary>
    /// <param name="layer">Layer number within the model. No choice is needed in a layer without experts.</param>
    bool NeedsChoice(int layer);

    /// <summary>Begins a step and computes the rotary angles of its rows. A step that was not finished is dropped.</summary>
    /// <param name="batch">The rows of the step. It must not change until the step ends.</param>
    /// <param name="adapters">The adapters of the rows; null (default): no row has one. They must not change until the step ends.</param>
    /// <exception cref="ArgumentException">
    /// More rows than <see cref="Loading.ModelOptions.MaxBatchTokens"/>, not an adapter for each, or the device computes none.
    /// </exception>
    void Begin(AttentionBatch batch, AdapterRows? adapters = null);

    /// <summary>Writes the tokens' embeddings to <see cref="HiddenStates"/>.</summary>
    /// <param name="tokens">One token id for each row.</param>
    /// <exception cref="MissingPieceException">The embedding is not installed.</exception>
    /// <exception cref="ModelException">A token id is outside the vocabulary.</exception>
    void Embed(ReadOnlySpan<int> tokens);

    /// <summary>
    /// Computes a layer's attention, then norms the rows, chooses their experts and writes the rows for them to <see cref="ExpertInput"/>.
    /// </summary>
    /// <param name="layer">Layer number within the model.</param>
    /// <exception cref="MissingPieceException">The layer is not installed; nothing has changed.</exception>
    void Attend(int layer);

    /// <summary>
    /// Adds the shared expert (or plain MLP) to <see cref="HiddenStates"/> and writes the rows of local experts to
    /// <see cref="ExpertOutput"/>. All products run as one job, because fewer and longer products keep memory streaming.
    /// </summary>
    /// <param name="layer">The layer of the last <see cref="Attend"/>.</param>
    /// <param name="local">For each expert of the layer, whether it is computed here. Empty: no expert is.</param>
    /// <exception cref="MissingPieceException">The layer or a local expert that has rows is not installed; nothing has changed.</exception>
    void FeedForward(int layer, ReadOnlySpan<bool> local);

    /// <summary>
    /// Adds the rows of <see cref="ExpertOutput"/>, times their routing weights, to <see cref="HiddenStates"/> by ascending expert number.
    /// </summary>
    /// <param name="layer">The layer of the last <see cref="Attend"/>, after <see cref="FeedForward"/>.</param>
    void Combine(int layer);

    /// <summary>
    /// Makes consecutive calls with all experts. A device may replay them as it recorded them in an earlier step with as many rows, with the same results.
    /// </summary>
    /// <param name="segment">The calls, within the layers of the model.</param>
    /// <exception cref="MissingPieceException">A layer or an expert that has rows is not installed. The step cannot continue.</exception>
    void Run(StageSegment segment);

    /// <summary>Computes the logits of some rows of <see cref="HiddenStates"/>, after the last layer.</summary>
    /// <param name="rows">Row numbers within the step.</param>
    /// <param name="count">
    /// Number of entries of <paramref name="rows"/> to use, at most <see cref="Loading.ModelOptions.MaxLogitRows"/>.
    /// </param>
    /// <param name="logits">Receives the rows, which are valid until the device computes others.</param>
    /// <exception cref="MissingPieceException">The head is not installed.</exception>
    void Logits(int[] rows, int count, StepLogits logits);
}
