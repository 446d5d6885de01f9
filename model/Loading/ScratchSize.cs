using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Loading;

/// <summary>
/// The memory that a silo needs for steps beside weights and K/V, computed from the model's config and the options alone. It is the same for every
/// share of the model, because any share may compute a whole step. Padding, and a few megabytes of each thread, are not counted.
/// </summary>
/// <param name="StepBytes">Buffers for the rows of steps. They grow with <see cref="ModelOptions.MaxBatchTokens"/> and <see cref="ModelOptions.StepsInFlight"/>.</param>
/// <param name="LogitBytes">Buffers for logits. They grow with <see cref="ModelOptions.MaxLogitRows"/>.</param>
public readonly record struct ScratchSize(long StepBytes, long LogitBytes)
{
    /// <summary>All of it.</summary>
    public long Bytes => StepBytes + LogitBytes;

    /// <summary>Computes the size.</summary>
    public static ScratchSize Of(ModelConfig config, ModelOptions options)
    {
        long element = options.Mode.Element().Size();
        return new ScratchSize(
            options.MaxBatchTokens * ((options.StepsInFlight * StageRow(config, element)) + SharedRow(config, element)),
            options.MaxLogitRows * ((config.VocabSize * (sizeof(float) + SelectionBytes(options))) + (config.HiddenSize * (sizeof(float) + element))));
    }

    // Lists of the largest logits of each part of a row, on devices that select them.
    private static long SelectionBytes(ModelOptions options) => options.Device is null ? 0 : 2;

    // What each step in flight has of its own: the residual stream, the normed rows of the router, the angles of the rotary embedding, and for each chosen
    // expert its input and output.
    private static long StageRow(ModelConfig config, long element) =>
        (config.HiddenSize * (sizeof(float) + element)) + (config.HeadDim * sizeof(float)) + (2 * TopK(config) * config.HiddenSize * element);

    // What the steps use one after the other. The normed rows of attention are the first of it.
    private static long SharedRow(ModelConfig config, long element) =>
        (config.HiddenSize * element) + AttentionRow(config, element) + FeedForwardRow(config, element);

    private static long TopK(ModelConfig config) => config.HasExperts ? Enumerable.Range(0, config.Layers).Max(config.TopK) : 0;

    // Projected queries, keys and values; the queries as attention reads them; its output.
    private static long AttentionRow(ModelConfig config, long element) =>
        (((long)config.QuerySize + (2 * config.KvSize)) * sizeof(float))
        + (config.ClaFactor > 1 ? (long)config.QuerySize * sizeof(float) : 0)
        + (2 * config.QuerySize * element);

    // The hidden rows of the shared expert or MLP; with experts also the router's input and scores, and for each chosen expert its input and output in the
    // runner for other silos' rows, and its hidden row.
    private static long FeedForwardRow(ModelConfig config, long element)
    {
        long shared = Enumerable.Range(0, config.Layers)
            .Select(layer => config.IsMoeLayer(layer) ? config.SharedIntermediateSize(layer) : config.IntermediateSize(layer)).Distinct().Sum(static width => (long)width);
        if (!config.HasExperts)
        {
            return shared * element;
        }

        long routed = Enumerable.Range(0, config.Layers).Where(config.IsMoeLayer).Select(config.IntermediateSize).Distinct().Sum(static width => (long)width);
        long scored = config.Experts + (element == sizeof(float) ? 0 : config.HiddenSize);
        return (shared * element) + (scored * sizeof(float)) + (TopK(config) * ((2 * config.HiddenSize) + routed) * element);
    }
}
