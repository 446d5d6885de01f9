using System.Globalization;

namespace HunyuanOrleans.Ptx.Parsing;

/// <summary>Reads operands.</summary>
internal static class OperandParser
{
    /// <summary>Reads the operands of an instruction.</summary>
    public static IReadOnlyList<Operand> ParseAll(string text, int line) => [.. Split(text).Select(part => Parse(part, line))];

    /// <summary>Parts text at the commas that stand outside of brackets.</summary>
    public static IEnumerable<string> Split(string text)
    {
        int depth = 0;
        int start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            depth += text[i] is '{' or '[' or '(' ? 1 : text[i] is '}' or ']' or ')' ? -1 : 0;
            if (text[i] == ',' && depth == 0)
            {
                yield return text[start..i].Trim();
                start = i + 1;
            }
        }

        if (text[start..].Trim() is { Length: > 0 } last)
        {
            yield return last;
        }
    }

    private static Operand Parse(string text, int line)
    {
        if (text.StartsWith('{') && text.EndsWith('}'))
        {
            return new VectorOperand(ParseAll(text[1..^1], line));
        }

        if (text.StartsWith('[') && text.EndsWith(']'))
        {
            return ParseAddress(text[1..^1].Trim(), line);
        }

        int bar = text.IndexOf('|', StringComparison.Ordinal);
        return bar > 0
            ? new PairOperand(ParseRegister(text[..bar].Trim(), line), ParseRegister(text[(bar + 1)..].Trim(), line))
            : ParseSimple(text, line);
    }

    private static AddressOperand ParseAddress(string text, int line)
    {
        int plus = text.IndexOf('+', StringComparison.Ordinal);
        if (plus < 0)
        {
            return new AddressOperand(ParseSimple(text, line), 0);
        }

        return ParseSimple(text[(plus + 1)..].Trim(), line) is IntegerOperand offset
            ? new AddressOperand(ParseSimple(text[..plus].Trim(), line), offset.Value)
            : throw new PtxSyntaxException(line, $"'{text}' is not an address.");
    }

    private static RegisterOperand ParseRegister(string text, int line) =>
        ParseSimple(text, line) as RegisterOperand ?? throw new PtxSyntaxException(line, $"'{text}' is not a register.");

    private static Operand ParseSimple(string text, int line)
    {
        if (text.StartsWith('!'))
        {
            return new RegisterOperand(text[1..].Trim(), true);
        }

        if (text.StartsWith('%'))
        {
            return new RegisterOperand(text, false);
        }

        if (text == "_")
        {
            return new DiscardOperand();
        }

        if (text.Length > 0 && (char.IsAsciiDigit(text[0]) || text[0] == '-'))
        {
            return ParseNumber(text, line);
        }

        return text.Length > 0 && text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '$')
            ? new SymbolOperand(text)
            : throw new PtxSyntaxException(line, $"'{text}' is not an operand.");
    }

    private static Operand ParseNumber(string text, int line)
    {
        bool negative = text[0] == '-';
        string digits = text[(negative ? 1 : 0)..].TrimEnd('U');
        CultureInfo culture = CultureInfo.InvariantCulture;
        if (digits.StartsWith("0f", StringComparison.OrdinalIgnoreCase) && uint.TryParse(digits.AsSpan(2), NumberStyles.HexNumber, culture, out uint single))
        {
            return new FloatOperand(BitConverter.UInt32BitsToSingle(single));
        }

        if (digits.StartsWith("0d", StringComparison.OrdinalIgnoreCase) && ulong.TryParse(digits.AsSpan(2), NumberStyles.HexNumber, culture, out ulong bits))
        {
            return new FloatOperand(BitConverter.UInt64BitsToDouble(bits));
        }

        bool isInteger = digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            ? ulong.TryParse(digits.AsSpan(2), NumberStyles.HexNumber, culture, out ulong value)
            : ulong.TryParse(digits, NumberStyles.None, culture, out value);
        if (isInteger)
        {
            return new IntegerOperand(negative ? -(long)value : (long)value);
        }

        return double.TryParse(text, NumberStyles.Float, culture, out double number)
            ? new FloatOperand(number)
            : throw new PtxSyntaxException(line, $"'{text}' is not a number.");
    }
}
