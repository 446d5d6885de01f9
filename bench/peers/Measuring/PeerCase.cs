namespace HunyuanOrleans.Bench.Peers.Measuring;

/// <summary>What is measured: equal steps of some sequences after an equal number of earlier positions.</summary>
/// <param name="Name">The name in the table.</param>
/// <param name="Sequences">Sequences that a step extends together.</param>
/// <param name="Context">Earlier positions of each sequence.</param>
/// <param name="Tokens">Tokens of each sequence in a step.</param>
/// <param name="Steps">Steps in a round.</param>
internal sealed record PeerCase(string Name, int Sequences, int Context, int Tokens, int Steps)
{
    private const int Prompt = 512;
    private const int ShortContext = 64;

    // Short, so that some rounds fall between the disturbances of a shared machine.
    private const int DecodeSteps = 8;
    private const int Batch = 8;

    /// <summary>Positions of each sequence at the end of a round.</summary>
    public int Positions => Context + (Tokens * Steps);

    /// <summary>Tokens of all sequences in a round.</summary>
    public int RoundTokens => Sequences * Tokens * Steps;

    /// <summary>All cases.</summary>
    /// <param name="context">Positions that count as a long context, more than those of a prompt.</param>
    public static PeerCase[] All(int context) =>
    [
        new($"prefill {Prompt}", 1, 0, Prompt, 1),
        new("decode 1", 1, ShortContext, 1, DecodeSteps),
        new($"decode {Batch}", Batch, ShortContext, 1, DecodeSteps),
        new($"prefill {Prompt} after {context - Prompt}", 1, context - Prompt, Prompt, 1),
        new($"decode 1 after {context}", 1, context, 1, DecodeSteps),
    ];
}
