namespace HunyuanOrleans.Bench.Peers.Measuring;

/// <summary>What the program writes with --json.</summary>
/// <param name="Processor">The processor's name.</param>
/// <param name="InstructionSet">The instruction set of our kernels.</param>
/// <param name="PeerBuild">The features that llama.cpp's build reports.</param>
/// <param name="Threads">Threads of each engine.</param>
/// <param name="Rounds">Rounds of each case, of which the best counts.</param>
/// <param name="Agreements">How far the engines' results are apart on a small model.</param>
/// <param name="Results">The measurements.</param>
internal sealed record PeerReport(
    string Processor, string InstructionSet, string PeerBuild, int Threads, int Rounds, IReadOnlyList<Agreement> Agreements, IReadOnlyList<PeerResult> Results);
