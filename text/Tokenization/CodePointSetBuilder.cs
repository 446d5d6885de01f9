using System.Globalization;

namespace HunyuanOrleans.Text.Tokenization;

/// <summary>Builds a <see cref="CodePointSet"/> while a pattern is parsed.</summary>
internal sealed class CodePointSetBuilder(bool ignoreCase)
{
    private const uint AllCategories = (1u << 30) - 1;

    // The two-letter names of Unicode, indexed by UnicodeCategory.
    private static readonly string[] CategoryNames =
    [
        "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc",
        "Cf", "Cs", "Co", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Cn",
    ];

    private readonly List<int> _ranges = [];
    private uint _categories;

    /// <summary>Whether white space belongs to the set.</summary>
    public bool WhiteSpace { get; set; }

    /// <summary>Whether the set is the complement of what was added.</summary>
    public bool Negated { get; set; }

    /// <summary>Adds a general category by its one- or two-letter name, or its complement; false if the name is unknown.</summary>
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

        _categories |= complement ? AllCategories & ~mask : mask;
        return mask != 0;
    }

    /// <summary>Adds a range with its case variants if case is ignored; false if the variants are not supported (letters outside ASCII, ranges).</summary>
    public bool AddRange(int first, int last)
    {
        _ranges.Add(first);
        _ranges.Add(last);
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
            _ranges.AddRange([first ^ 0x20, first ^ 0x20]);

            // Two characters outside ASCII fold to ASCII letters: the long s and the Kelvin sign.
            int folded = (first | 0x20) switch { 's' => 0x017F, 'k' => 0x212A, _ => first };
            _ranges.AddRange([folded, folded]);
        }

        return true;
    }

    /// <summary>Creates the set.</summary>
    public CodePointSet Build() => new(_categories, WhiteSpace, [.. _ranges], Negated);
}
