namespace HunyuanOrleans.Ptx.Lint;

/// <summary>What <see cref="PtxLint"/> found in a kernel.</summary>
/// <param name="Entry">Name of the entry.</param>
/// <param name="Findings">What should not be there, one sentence each.</param>
/// <param name="Registers">The most 32-bit registers that hold values at once. The assembler needs some more.</param>
/// <param name="StaticSharedBytes">Shared memory whose size the module decides, in bytes.</param>
/// <param name="LoadsVectors">Whether 16 bytes are loaded from global memory at once.</param>
public sealed record LintReport(string Entry, IReadOnlyList<string> Findings, int Registers, int StaticSharedBytes, bool LoadsVectors);
