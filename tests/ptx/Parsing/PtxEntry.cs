namespace HunyuanOrleans.Ptx.Parsing;

/// <summary>An entry of a module as it is written.</summary>
internal sealed class PtxEntry
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its line, from 1.</summary>
    public required int Line { get; init; }

    /// <summary>Its parameters.</summary>
    public List<PtxParameter> Parameters { get; } = [];

    /// <summary>The most threads of a block, or 0 if it is not given.</summary>
    public int MaxThreads { get; set; }

    /// <summary>Registers by name.</summary>
    public Dictionary<string, PtxType> Registers { get; } = [];

    /// <summary>Shared memory that it can use, in the order of declaration.</summary>
    public List<PtxShared> Shared { get; } = [];

    /// <summary>Numbers of statements by label.</summary>
    public Dictionary<string, int> Labels { get; } = [];

    /// <summary>Lists of labels for indexed branches.</summary>
    public Dictionary<string, string[]> BranchTargets { get; } = [];

    /// <summary>The instructions.</summary>
    public List<Statement> Statements { get; } = [];

    /// <summary>Bytes of the launch's arguments.</summary>
    public int ParameterBytes => Parameters.Count == 0 ? 0 : Parameters[^1].Offset + Parameters[^1].Size;
}
