namespace HunyuanOrleans.Ptx.Parsing;

/// <summary>A module as it is written.</summary>
internal sealed class PtxModule
{
    /// <summary>Shared memory declared outside of entries.</summary>
    public List<PtxShared> Shared { get; } = [];

    /// <summary>The entries.</summary>
    public List<PtxEntry> Entries { get; } = [];

    /// <summary>Reads a module.</summary>
    /// <exception cref="PtxSyntaxException">The text is not understood.</exception>
    public static PtxModule Parse(string text) => new PtxParser(text).Parse();
}
