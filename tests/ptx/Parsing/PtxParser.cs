using System.Globalization;
using System.Text.RegularExpressions;

namespace HunyuanOrleans.Ptx.Parsing;

/// <summary>Reads the text of a module. Whatever it does not know is an error.</summary>
internal sealed partial class PtxParser
{
    private readonly List<SourceUnit> _units;
    private readonly PtxModule _module = new();
    private int _next;
    private string _label = "";

    public PtxParser(string text) => _units = SourceUnit.Split(text);

    /// <summary>Reads all of it.</summary>
    public PtxModule Parse()
    {
        while (_next < _units.Count)
        {
            SourceUnit unit = _units[_next++];
            string word = unit.FirstWord;
            switch (word)
            {
                case ".version":
                case ".target":
                case ".address_size":
                    break;
                case ".extern":
                    _module.Shared.Add(ParseShared(unit, unit.Text[word.Length..].Trim()));
                    break;
                case ".shared":
                    _module.Shared.Add(ParseShared(unit, unit.Text));
                    break;
                case ".visible":
                case ".entry":
                    ParseEntry(unit);
                    break;
                default:
                    throw unit.Error($"'{unit.Text}' is not known outside of entries.");
            }
        }

        return _module;
    }

    private void ParseEntry(SourceUnit unit)
    {
        Match head = EntryHead().Match(unit.Text);
        if (!head.Success || _next >= _units.Count || _units[_next].Text != "{")
        {
            throw unit.Error($"'{unit.Text}' is not an entry with a body.");
        }

        PtxEntry entry = new() { Name = head.Groups[1].Value, Line = unit.Line };
        ParseParameters(unit, entry, head.Groups[2].Value);
        ParseLimits(unit, entry, head.Groups[3].Value);
        entry.Shared.AddRange(_module.Shared);
        int depth = 0;
        do
        {
            SourceUnit inner = _units[_next++];
            depth += inner.Text == "{" ? 1 : inner.Text == "}" ? -1 : 0;
            if (inner.Text is not ("{" or "}"))
            {
                ParseInner(inner, entry);
            }
        }
        while (depth > 0 && _next < _units.Count);
        if (depth > 0)
        {
            throw unit.Error("The entry does not end.");
        }

        _module.Entries.Add(entry);
    }

    private static void ParseParameters(SourceUnit unit, PtxEntry entry, string list)
    {
        foreach (string text in OperandParser.Split(list))
        {
            Match match = Parameter().Match(text);
            if (!match.Success || PtxType.Parse(match.Groups["type"].Value) is not { } type)
            {
                throw unit.Error($"'{text}' is not a parameter.");
            }

            int count = match.Groups["count"].Success ? Number(match.Groups["count"].Value) : 1;
            int align = match.Groups["align"].Success ? Math.Max(type.Size, Number(match.Groups["align"].Value)) : type.Size;
            entry.Parameters.Add(new PtxParameter(match.Groups["name"].Value, AlignUp(entry.ParameterBytes, align), type.Size * count));
        }
    }

    private static void ParseLimits(SourceUnit unit, PtxEntry entry, string text)
    {
        foreach (string limit in text.Split('.', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            Match match = Limit().Match(limit);
            if (!match.Success)
            {
                throw unit.Error($"'.{limit}' is not known before the body of an entry.");
            }

            if (match.Groups[1].Value is "maxntid" or "reqntid")
            {
                entry.MaxThreads = match.Groups[2].Value.Split(',').Aggregate(1, static (product, part) => product * Number(part));
            }
        }
    }

    private void ParseInner(SourceUnit unit, PtxEntry entry)
    {
        if (unit.IsLabel)
        {
            _label = unit.Text;
            if (!entry.Labels.TryAdd(unit.Text, entry.Statements.Count))
            {
                throw unit.Error($"The label {unit.Text} is there twice.");
            }

            return;
        }

        switch (unit.FirstWord)
        {
            case ".reg":
                ParseRegisters(unit, entry);
                return;
            case ".shared":
                entry.Shared.Add(ParseShared(unit, unit.Text));
                return;
            case ".branchtargets":
                entry.BranchTargets.Add(_label, [.. OperandParser.Split(unit.Text[".branchtargets".Length..])]);
                return;
            case ".pragma":
            case ".loc":
                // Hints for the assembler's unrolling and for debuggers change no result.
                return;
        }

        Match match = Instruction().Match(unit.Text);
        if (!match.Success)
        {
            throw unit.Error($"'{unit.Text}' is not an instruction.");
        }

        RegisterOperand? guard = match.Groups["guard"].Success ? new RegisterOperand(match.Groups["guard"].Value, match.Groups["not"].Length > 0) : null;
        string operands = match.Groups["operands"].Value;
        string text = Spaces().Replace(unit.Text, " ") + ";";
        entry.Statements.Add(new Statement(unit.Line, text, guard, match.Groups["opcode"].Value, OperandParser.ParseAll(operands, unit.Line)));
    }

    private static void ParseRegisters(SourceUnit unit, PtxEntry entry)
    {
        Match match = Registers().Match(unit.Text);
        if (!match.Success || PtxType.Parse(match.Groups[1].Value) is not { Size: not 1 } type)
        {
            throw unit.Error($"'{unit.Text}' declares no registers that are known.");
        }

        foreach (string part in OperandParser.Split(match.Groups[2].Value))
        {
            int bracket = part.IndexOf('<', StringComparison.Ordinal);
            int count = bracket < 0 ? 1 : Number(part[(bracket + 1)..^1]);
            for (int i = 0; i < count; i++)
            {
                if (!entry.Registers.TryAdd(bracket < 0 ? part : string.Create(CultureInfo.InvariantCulture, $"{part[..bracket]}{i}"), type))
                {
                    throw unit.Error($"The register {part} is there twice.");
                }
            }
        }
    }

    private static PtxShared ParseShared(SourceUnit unit, string text)
    {
        Match match = SharedMemory().Match(text);
        if (!match.Success || PtxType.Parse(match.Groups["type"].Value) is not { Size: > 0 } type)
        {
            throw unit.Error($"'{unit.Text}' declares no shared memory that is known.");
        }

        int align = match.Groups["align"].Success ? Number(match.Groups["align"].Value) : type.Size;
        string count = match.Groups["count"].Value;
        return new PtxShared(match.Groups["name"].Value, align, count.Length == 0 ? 0 : type.Size * Number(count));
    }

    private static int AlignUp(int value, int alignment) => (value + alignment - 1) / alignment * alignment;

    private static int Number(string text) => int.Parse(text.Trim(), CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(?:\.visible\s+)?\.entry\s+([\w$]+)\s*(?:\(([^)]*)\))?\s*(.*)$", RegexOptions.Singleline)]
    private static partial Regex EntryHead();

    [GeneratedRegex(
        @"^\.param\s+(?:\.align\s+(?<align>\d+)\s+)?\.(?<type>\w+)\s+(?:\.ptr\s+(?:\.\w+\s+)?(?:\.align\s+\d+\s+)?)?(?<name>[\w$]+)\s*(?:\[(?<count>\d+)\])?$")]
    private static partial Regex Parameter();

    [GeneratedRegex(@"^(maxntid|reqntid|maxnreg|minnctapersm)\s+([\d,\s]+)$")]
    private static partial Regex Limit();

    [GeneratedRegex(@"^\.reg\s+\.(\w+)\s+(%[^;]+)$")]
    private static partial Regex Registers();

    [GeneratedRegex(@"^\.shared\s+(?:\.align\s+(?<align>\d+)\s+)?\.(?<type>\w+)\s+(?<name>[\w$]+)\s*\[(?<count>\d*)\]$")]
    private static partial Regex SharedMemory();

    [GeneratedRegex(@"^(?:@(?<not>!?)(?<guard>%[\w$]+)\s+)?(?<opcode>[a-z][\w.:]*)(?:\s+(?<operands>.*))?$", RegexOptions.Singleline)]
    private static partial Regex Instruction();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
