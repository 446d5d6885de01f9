namespace HunyuanOrleans.Ptx;

/// <summary>The text of a module cannot be understood: it is wrong, or the interpreter does not know the instruction.</summary>
/// <param name="line">The line, from 1.</param>
/// <param name="message">What is wrong.</param>
public sealed class PtxSyntaxException(int line, string message) : Exception($"Line {line}: {message}")
{
    /// <summary>The line, from 1.</summary>
    public int Line { get; } = line;
}
