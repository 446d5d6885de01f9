using HunyuanOrleans.Kernels.Memory;

namespace HunyuanOrleans.Model.Simulation;

/// <summary>
/// Writes logits of simulated rows: a few tokens that follow from the hash of the row stand out, all others are equal. It clears only what it wrote before,
/// because a vocabulary is large.
/// </summary>
internal sealed class SimulatedLogits
{
    private const int Candidates = 8;

    private const float Highest = 16;

    private Activation? _target;
    private int[] _written = [];

    /// <summary>Writes the logits of some rows.</summary>
    /// <param name="hidden">The hashes of the step's rows.</param>
    /// <param name="rows">Row numbers.</param>
    /// <param name="count">Number of entries of <paramref name="rows"/> to use.</param>
    /// <param name="logits">Receives float32 [count, vocabulary].</param>
    public void Write(ulong[] hidden, int[] rows, int count, Activation logits)
    {
        if (_target != logits)
        {
            (_target, _written) = (logits, new int[logits.Rows * Candidates]);
            for (int row = 0; row < logits.Rows; row++)
            {
                logits.Row(row).Clear();
            }
        }

        for (int i = 0; i < count; i++)
        {
            Span<float> row = logits.Row(i);
            Span<int> written = _written.AsSpan(i * Candidates, Candidates);
            foreach (int token in written)
            {
                row[token] = 0;
            }

            // From the least to the most likely, so that the most likely wins where two are the same token.
            ulong hash = hidden[rows[i]];
            for (int k = Candidates - 1; k >= 0; k--)
            {
                written[k] = (int)(SimulatedHash.Mix(hash, (ulong)k) % (ulong)row.Length);
                row[written[k]] = Highest - k;
            }
        }
    }
}
