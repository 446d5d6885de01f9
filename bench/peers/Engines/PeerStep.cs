namespace HunyuanOrleans.Bench.Peers.Engines;

/// <summary>Sizes of steps that both engines use.</summary>
internal static class PeerStep
{
    /// <summary>The largest number of tokens in a step: the default of both engines.</summary>
    public const int MaxTokens = 512;

    /// <summary>Adds tokens to all sequences in as few steps as possible.</summary>
    /// <param name="context">The sequences.</param>
    /// <param name="sequences">Number of sequences.</param>
    /// <param name="tokens">The same number of token ids for every sequence, those of the first sequence first.</param>
    public static void Fill(IPeerContext context, int sequences, ReadOnlySpan<int> tokens)
    {
        int length = tokens.Length / sequences;
        int piece = MaxTokens / sequences;
        for (int first = 0; first < length; first += piece)
        {
            int count = Math.Min(piece, length - first);
            int[] step = new int[sequences * count];
            for (int sequence = 0; sequence < sequences; sequence++)
            {
                tokens.Slice((sequence * length) + first, count).CopyTo(step.AsSpan(sequence * count));
            }

            context.Step(step);
        }
    }
}
