namespace HunyuanOrleans.Grains.Messages;

/// <summary>
/// One step of the model on its way through the attention shards: what came in, and the residual stream so far. Epoch and number order
/// steps, so that one that comes late or twice is known as such.
/// </summary>
/// <param name="Epoch">Which scheduler sent it; a later one has a higher number.</param>
/// <param name="Number">Which of the scheduler's attempts it is; each attempt has a higher number than all before it.</param>
/// <param name="Version">The route in force: which expert tables routers use.</param>
/// <param name="Stages">Keys of the attention shards in order.</param>
/// <param name="Stage">Which of them this message is for.</param>
/// <param name="Tokens">Token ids of all rows; for the first shard only, else empty.</param>
/// <param name="Slices">The sequences in row order.</param>
/// <param name="Released">Sessions that no longer need their caches.</param>
/// <param name="Rows">Residual stream, float32 [rows, hidden]; null for the first shard.</param>
/// <param name="WantsLogits">Whether the reply is to carry the logits too.</param>
/// <param name="Trace">The W3C trace parent of who sent it; null where nobody traces.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.step")]
public sealed record StepMessage(
    long Epoch, long Number, long Version, string[] Stages, int Stage, int[] Tokens, SliceMessage[] Slices, long[] Released, byte[]? Rows, bool WantsLogits, string? Trace);

/// <summary>The rows of one sequence in a step.</summary>
/// <param name="Session">The sequence.</param>
/// <param name="Start">Position of its first row.</param>
/// <param name="Count">Number of rows.</param>
/// <param name="FirstBlock">Where in its block table <paramref name="Blocks"/> begin; the entries before are known already.</param>
/// <param name="Blocks">KV block numbers.</param>
/// <param name="Sampling">How to draw a token after the last row; null where none is wanted.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.slice")]
public sealed record SliceMessage(long Session, int Start, int Count, int FirstBlock, int[] Blocks, SamplingMessage? Sampling);
