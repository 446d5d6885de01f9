using HunyuanOrleans.Ptx.Parsing;

namespace HunyuanOrleans.Ptx.Decoding;

/// <summary>The modifiers of an instruction, in their order. Each must be taken: what is left over is an error.</summary>
/// <param name="statement">The instruction.</param>
/// <param name="parts">The modifiers.</param>
internal sealed class Modifiers(StatementDecoder statement, string[] parts)
{
    private int _next;

    /// <summary>Takes the next modifier if it is one of some.</summary>
    public string? TakeOne(params ReadOnlySpan<string> names) => _next < parts.Length && names.Contains(parts[_next]) ? parts[_next++] : null;

    /// <summary>Takes the next modifier if it is the given one.</summary>
    public bool Take(string name) => TakeOne(name) is not null;

    /// <summary>Takes modifiers that must be there.</summary>
    public void Require(params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            if (!Take(name))
            {
                throw statement.Unknown();
            }
        }
    }

    /// <summary>Takes a type.</summary>
    public PtxType TakeType() => _next < parts.Length && PtxType.Parse(parts[_next]) is { } type && _next++ >= 0 ? type : throw statement.Unknown();

    /// <summary>Makes sure that nothing is left over.</summary>
    public void End()
    {
        if (_next < parts.Length)
        {
            throw statement.Unknown();
        }
    }
}
