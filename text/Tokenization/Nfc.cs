using System.Buffers;

namespace HunyuanOrleans.Text.Tokenization;

/// <summary>
/// Normalises text to Unicode normalisation form C. <see cref="string.Normalize()"/> is not used: it does nothing if the runtime has no ICU
/// or uses invariant globalisation, so token ids would depend on the machine, and it throws on a lone surrogate. Here a lone surrogate
/// becomes U+FFFD after the first changed position and stays before it; encoding treats both alike. Time is O(n log n) for any input.
/// </summary>
internal static class Nfc
{
    private const int SyllableBase = 0xAC00;
    private const int LeadBase = 0x1100;
    private const int VowelBase = 0x1161;
    private const int TrailBase = 0x11A7;
    private const int LeadCount = 19;
    private const int VowelCount = 21;
    private const int TrailCount = 28;
    private const int SyllableCount = LeadCount * VowelCount * TrailCount;

    /// <summary>
    /// The normalised text. Text that is normalised already is returned itself, after one pass over its chars.
    /// </summary>
    public static ReadOnlySpan<char> Normalize(ReadOnlySpan<char> text)
    {
        int first = FirstAffected(text);
        return first == text.Length ? text : Rebuild(text, first);
    }

    // The first index at which the text may change: the starter before the first affected code point.
    private static int FirstAffected(ReadOnlySpan<char> text)
    {
        int index = text.IndexOfAnyExceptInRange('\0', '\u02FF');
        if (index < 0)
        {
            return text.Length;
        }

        int starter = Math.Max(index - 1, 0);
        while (index < text.Length)
        {
            int codePoint = CodePoints.At(text, index, out int length);
            if (NfcData.Instance.IsAffected(codePoint))
            {
                return starter;
            }

            starter = index;
            index += length;
        }

        return text.Length;
    }

    private static ReadOnlySpan<char> Rebuild(ReadOnlySpan<char> text, int start)
    {
        var codes = new List<int>(text.Length - start + 16);
        for (int i = start; i < text.Length;)
        {
            Decompose(CodePoints.At(text, i, out int length), codes);
            i += length;
        }

        SortMarks(codes);
        int count = Compose(codes);
        var result = new ArrayBufferWriter<char>(start + count);
        result.Write(text[..start]);
        for (int i = 0; i < count; i++)
        {
            Span<char> target = result.GetSpan(2);
            result.Advance(new System.Text.Rune(codes[i]).EncodeToUtf16(target));
        }

        return result.WrittenSpan;
    }

    private static void Decompose(int codePoint, List<int> codes)
    {
        int syllable = codePoint - SyllableBase;
        if ((uint)syllable < SyllableCount)
        {
            codes.Add(LeadBase + (syllable / (VowelCount * TrailCount)));
            codes.Add(VowelBase + (syllable % (VowelCount * TrailCount) / TrailCount));
            if (syllable % TrailCount != 0)
            {
                codes.Add(TrailBase + (syllable % TrailCount));
            }
        }
        else if (codePoint >= 0xC0 && NfcData.Instance.Decompose(codePoint) is { } parts)
        {
            foreach (int part in parts)
            {
                Decompose(part, codes);
            }
        }
        else
        {
            codes.Add(codePoint);
        }
    }

    // Sorts every run of marks by combining class with a stable sort.
    private static void SortMarks(List<int> codes)
    {
        NfcData data = NfcData.Instance;
        for (int i = 0; i < codes.Count; i++)
        {
            if (data.ClassOf(codes[i]) == 0)
            {
                continue;
            }

            int start = i;
            bool sorted = true;
            for (i++; i < codes.Count && data.ClassOf(codes[i]) is var next and not 0; i++)
            {
                sorted &= data.ClassOf(codes[i - 1]) <= next;
            }

            if (!sorted)
            {
                int[] run = [.. codes[start..i].OrderBy(code => data.ClassOf(code))];
                for (int k = 0; k < run.Length; k++)
                {
                    codes[start + k] = run[k];
                }
            }
        }
    }

    // Composes in place and returns the number of code points left (Unicode Standard, section 3.11, canonical composition).
    private static int Compose(List<int> codes)
    {
        NfcData data = NfcData.Instance;
        int starter = -1;
        int lastClass = -1;
        int count = 0;
        for (int i = 0; i < codes.Count; i++)
        {
            int code = codes[i];
            int combining = data.ClassOf(code);

            // A mark of equal or higher class in between blocks composition, so a starter composes only with the starter directly before it.
            bool reachable = starter >= 0 && lastClass < combining;
            if (reachable && ComposePair(data, codes[starter], code) is var composed and >= 0)
            {
                codes[starter] = composed;
                continue;
            }

            codes[count] = code;
            if (combining == 0)
            {
                starter = count;
                lastClass = -1;
            }
            else
            {
                lastClass = combining;
            }

            count++;
        }

        return count;
    }

    private static int ComposePair(NfcData data, int first, int second)
    {
        int lead = first - LeadBase;
        int vowel = second - VowelBase;
        if ((uint)lead < LeadCount && (uint)vowel < VowelCount)
        {
            return SyllableBase + (((lead * VowelCount) + vowel) * TrailCount);
        }

        int syllable = first - SyllableBase;
        int trail = second - TrailBase;
        if ((uint)syllable < SyllableCount && syllable % TrailCount == 0 && trail is > 0 and < TrailCount)
        {
            return first + trail;
        }

        return data.Compose(first, second);
    }
}
