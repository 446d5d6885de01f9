using System.Globalization;

namespace HunyuanOrleans.Text.Tokenization;

/// <summary>Gathers a <see cref="CodePointSet"/> while a pattern is read.</summary>
internal sealed class CodePointSetBuilder(bool ignoreCase)
{
    private const uint AllCategories = (1u << 30) - 1;

    // Unicode's two-letter names, at the index of UnicodeCategory.
    private static readonly string[] CategoryNames =
    [
        "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc",
        "Cf", "Cs", "Co", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Cn",
    ];

    private readonly List<int> ranges = [];
    private uint categories;

    /// <summary>Whether white space belongs to the set.</summary>
    public bool WhiteSpace { get; set; }

    /// <summary>Whether the set is everything but what was added.</summary>
    public bool Negated { get; set; }

    /// <summary>Adds a general category by its one- or two-letter name, or all others; false for an unknown name.</summary>
    public bool AddCategories(string name, bool complement = false)
    {
        uint mask = 0;
        for (int i = 0; i < CategoryNames.Length; i++)
        {
            if (name == CategoryNames[i] || (name.Length == 1 && name[0] == CategoryNames[i][0]))
            {
                mask |= 1u << i;
            }
        }

        categories |= complement ? AllCategories & ~mask : mask;
        return mask != 0;
    }

    /// <summary>Adds a range with its case variants; false where those are not known (a letter outside ASCII, a range).</summary>
    public bool AddRange(int first, int last)
    {
        ranges.Add(first);
        ranges.Add(last);
        if (!ignoreCase)
        {
            return true;
        }

        if (first != last || (first >= 0x80 && CharUnicodeInfo.GetUnicodeCategory(first) <= UnicodeCategory.OtherLetter))
        {
            return false;
        }

        if (first < 0x80 && char.IsAsciiLetter((char)first))
        {
            ranges.AddRange([first ^ 0x20, first ^ 0x20]);

            // The two characters outside ASCII that fold to ASCII letters: long s and the Kelvin sign.
            int folded = (first | 0x20) switch { 's' => 0x017F, 'k' => 0x212A, _ => first };
            ranges.AddRange([folded, folded]);
        }

        return true;
    }

    /// <summary>The finished set.</summary>
    public CodePointSet Build() => new(categories, WhiteSpace, [.. ranges], Negated);
}
