using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Bench.Peers.Engines;

/// <summary>Sequences in our engine. Each has a fixed block table.</summary>
/// <param name="runner">The model; stays the caller's.</param>
/// <param name="tables">The block table of each sequence.</param>
/// <param name="freeBlocks">Receives the blocks on disposal.</param>
internal sealed class OwnContext(ModelRunner runner, int[][] tables, Queue<int> freeBlocks) : IPeerContext
{
    private readonly AttentionBatch _batch = runner.CreateBatch();
    private readonly int[] _lastRows = new int[tables.Length];
    private StepLogits? _logits;

    /// <inheritdoc/>
    public int Length { get; private set; }

    /// <inheritdoc/>
    public void Truncate(int length) => Length = length;

    /// <inheritdoc/>
    public void Step(ReadOnlySpan<int> tokens)
    {
        int count = tokens.Length / tables.Length;
        _batch.Clear();
        for (int sequence = 0; sequence < tables.Length; sequence++)
        {
            _batch.Add(new AttentionSlice(sequence * count, count, Length, tables[sequence]));
            _lastRows[sequence] = ((sequence + 1) * count) - 1;
        }

        _logits = runner.Forward(tokens, _batch, _lastRows, tables.Length);
        Length += count;
    }

    /// <inheritdoc/>
    public ReadOnlySpan<float> Logits(int sequence) => _logits!.Row(sequence);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (int block in tables.SelectMany(static table => table))
        {
            freeBlocks.Enqueue(block);
        }
    }
}
