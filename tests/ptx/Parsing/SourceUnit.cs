using System.Text;

namespace HunyuanOrleans.Ptx.Parsing;

/// <summary>A directive, instruction, label or brace, which stands alone in the text of a module.</summary>
/// <param name="Line">Its line, from 1.</param>
/// <param name="Text">Its text without semicolon or colon.</param>
/// <param name="IsLabel">Whether it is a label.</param>
internal sealed record SourceUnit(int Line, string Text, bool IsLabel)
{
    private static readonly string[] LineDirectives = [".version", ".target", ".address_size", ".loc"];

    /// <summary>The text up to the first space.</summary>
    public string FirstWord => Text.Split([' ', '\t', '\n'], 2)[0];

    /// <summary>An error in this unit.</summary>
    public PtxSyntaxException Error(string message) => new(Line, message);

    /// <summary>Parts a module into units.</summary>
    public static List<SourceUnit> Split(string text)
    {
        List<SourceUnit> units = [];
        StringBuilder current = new();
        int line = 1;
        int start = 1;
        bool inVector = false;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c == '/' && i + 1 < text.Length && text[i + 1] is '/' or '*')
            {
                string end = text[i + 1] == '/' ? "\n" : "*/";
                int close = text.IndexOf(end, i + 2, StringComparison.Ordinal);
                int last = close < 0 ? text.Length : close + (end.Length - 1);
                line += text.AsSpan(i, Math.Min(last, text.Length) - i).Count('\n');
                i = end == "\n" ? last - 1 : last;
                continue;
            }

            if (current.Length == 0)
            {
                if (char.IsWhiteSpace(c))
                {
                    line += c == '\n' ? 1 : 0;
                    continue;
                }

                start = line;
            }

            line += c == '\n' ? 1 : 0;
            bool isBrace = c is '{' or '}' && !inVector && (current.Length == 0 || IsEntry(current));
            if (c is '{' or '}' && !isBrace)
            {
                inVector = c == '{';
            }

            if (isBrace)
            {
                Flush(false);
                units.Add(new SourceUnit(line, c.ToString(), false));
            }
            else if (c == ';')
            {
                Flush(false);
            }
            else if (c == ':' && !(i + 1 < text.Length && text[i + 1] == ':') && !(i > 0 && text[i - 1] == ':'))
            {
                Flush(true);
            }
            else if (c == '\n' && Array.Exists(LineDirectives, directive => StartsWith(current, directive)))
            {
                Flush(false);
            }
            else
            {
                current.Append(c);
            }
        }

        Flush(false);
        return units;

        void Flush(bool isLabel)
        {
            if (current.ToString().Trim() is { Length: > 0 } unit)
            {
                units.Add(new SourceUnit(start, unit, isLabel));
            }

            current.Clear();
        }
    }

    private static bool IsEntry(StringBuilder text) => StartsWith(text, ".visible") || StartsWith(text, ".entry");

    private static bool StartsWith(StringBuilder text, string start) => text.Length >= start.Length && text.ToString(0, start.Length) == start;
}
