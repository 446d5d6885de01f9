namespace HunyuanOrleans.Bench.Peers.Engines;

/// <summary>The keys and values of some sequences of equal length in one of the compared engines, and steps that extend them.</summary>
internal interface IPeerContext : IDisposable
{
    /// <summary>Positions of each sequence.</summary>
    int Length { get; }

    /// <summary>Forgets the positions from a length on.</summary>
    /// <param name="length">Positions of each sequence that stay, at most as many as there are.</param>
    void Truncate(int length);

    /// <summary>Computes one step for all sequences together, and the logits of the last token of each.</summary>
    /// <param name="tokens">The same number of token ids for every sequence, those of the first sequence first.</param>
    void Step(ReadOnlySpan<int> tokens);

    /// <summary>The logits of a sequence after the last step; valid until the next one.</summary>
    ReadOnlySpan<float> Logits(int sequence);
}
