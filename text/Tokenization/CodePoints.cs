using System.Globalization;

namespace HunyuanOrleans.Text.Tokenization;

/// <summary>
/// Reads code points and classifies them by Unicode category and white space, as the split patterns need it.
/// </summary>
internal static class CodePoints
{
    /// <summary>The code point that replaces a lone surrogate.</summary>
    public const int Replacement = 0xFFFD;

    private static readonly byte[] BasicPlane = ClassifyBasicPlane();

    /// <summary>The classes that the Hunyuan pattern distinguishes.</summary>
    public enum Kind : byte
    {
        /// <summary>Any other code point.</summary>
        Other,

        /// <summary>\p{L}.</summary>
        Letter,

        /// <summary>\p{N}.</summary>
        Number,

        /// <summary>White_Space other than CR and LF.</summary>
        Space,

        /// <summary>CR or LF.</summary>
        LineBreak,
    }

    /// <summary>Reads the code point at <paramref name="index"/>. <paramref name="length"/> is 1 or 2 chars.</summary>
    public static int At(ReadOnlySpan<char> text, int index, out int length)
    {
        char first = text[index];
        length = 1;
        if (!char.IsSurrogate(first))
        {
            return first;
        }

        if (char.IsHighSurrogate(first) && index + 1 < text.Length && char.IsLowSurrogate(text[index + 1]))
        {
            length = 2;
            return char.ConvertToUtf32(first, text[index + 1]);
        }

        return Replacement;
    }

    /// <summary>The kind of a code point.</summary>
    public static Kind KindOf(int codePoint) =>
        codePoint < BasicPlane.Length ? (Kind)BasicPlane[codePoint] : Classify(codePoint);

    /// <summary>Whether the code point has the property White_Space. U+001C to U+001F, which some regex engines include, do not have it.</summary>
    public static bool IsWhiteSpace(int codePoint) => codePoint switch
    {
        >= 0x09 and <= 0x0D or 0x20 or 0x85 or 0xA0 => true,
        < 0x1680 => false,
        0x1680 or (>= 0x2000 and <= 0x200A) or 0x2028 or 0x2029 or 0x202F or 0x205F or 0x3000 => true,
        _ => false,
    };

    private static byte[] ClassifyBasicPlane()
    {
        var kinds = new byte[0x10000];
        for (int codePoint = 0; codePoint < kinds.Length; codePoint++)
        {
            kinds[codePoint] = (byte)Classify(codePoint);
        }

        return kinds;
    }

    private static Kind Classify(int codePoint)
    {
        if (codePoint is '\r' or '\n')
        {
            return Kind.LineBreak;
        }

        if (IsWhiteSpace(codePoint))
        {
            return Kind.Space;
        }

        return CharUnicodeInfo.GetUnicodeCategory(codePoint) switch
        {
            <= UnicodeCategory.OtherLetter => Kind.Letter,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => Kind.Number,
            _ => Kind.Other,
        };
    }
}
