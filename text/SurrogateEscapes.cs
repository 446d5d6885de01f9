using System.Globalization;

namespace HunyuanOrleans.Text;

/// <summary>
/// Mends the escapes of JSON that a model wrote. An escaped half of a surrogate pair is JSON by its grammar, but readers that make text of it fail.
/// </summary>
public static class SurrogateEscapes
{
    // A backslash, the letter u, and four digits, as in the replacement.
    private const int EscapeLength = 6;

    private const string Replacement = "\\ufffd";

    /// <summary>Replaces each escaped half of a surrogate pair by an escaped U+FFFD.</summary>
    /// <param name="json">JSON. Text that is not JSON is returned in some form that is not JSON either.</param>
    public static string Mend(string json)
    {
        if (!json.Contains("\\u", StringComparison.Ordinal))
        {
            return json;
        }

        char[] mended = json.ToCharArray();
        int i = 0;
        while (i < json.Length && (i = json.IndexOf('\\', i)) >= 0)
        {
            if (Decode(json, i) is not char unit)
            {
                // The escape of one char, such as \\ or \n.
                i += 2;
            }
            else if (char.IsHighSurrogate(unit) && Decode(json, i + EscapeLength) is char next && char.IsLowSurrogate(next))
            {
                i += 2 * EscapeLength;
            }
            else
            {
                if (char.IsSurrogate(unit))
                {
                    Replacement.CopyTo(mended.AsSpan(i));
                }

                i += EscapeLength;
            }
        }

        return new string(mended);
    }

    // The char that an escape at a place stands for; null if there is none with four digits.
    private static char? Decode(string json, int i) =>
        i + EscapeLength <= json.Length && json[i] == '\\' && json[i + 1] == 'u'
            && ushort.TryParse(json.AsSpan(i + 2, EscapeLength - 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort unit)
            ? (char)unit
            : null;
}
