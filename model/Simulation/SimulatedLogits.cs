using HunyuanOrleans.Kernels.Memory;

namespace HunyuanOrleans.Model.Simulation;

/// <summary>Writes logits of simulated rows: a few tokens that follow from the hash of the row stand out, all others are equal.</summary>
internal static class SimulatedLogits
{
    private const int Candidates = 8;

    private const float Highest = 16;

    /// <summary>Writes the logits of some rows.</summary>
    /// <param name="hidden">The hashes of the step's rows.</param>
    /// <param name="rows">Row numbers.</param>
    /// <param name="count">Number of entries of <paramref name="rows"/> to use.</param>
    /// <param name="logits">Receives float32 [count, vocabulary].</param>
    public static void Write(ulong[] hidden, int[] rows, int count, Activation logits)
    {
        for (int i = 0; i < count; i++)
        {
            Span<float> row = logits.Row(i);
            row.Clear();

            // From the least to the most likely, so that the most likely wins where two are the same token.
            for (int k = Candidates - 1; k >= 0; k--)
            {
                row[(int)(SimulatedHash.Mix(hidden[rows[i]], (ulong)k) % (ulong)row.Length)] = Highest - k;
            }
        }
    }
}
