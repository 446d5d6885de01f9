using HunyuanOrleans.Text.Templates.Jinja.Text;

namespace HunyuanOrleans.Text.Templates.Jinja.Library;

/// <summary>Where str.split and str.rsplit cut. Returns starts and lengths, so that the caller can slice with origins.</summary>
internal static class Splitter
{
    public static List<(int Start, int Length)> At(string text, string separator, int limit, bool fromRight)
    {
        List<(int, int)> parts = [];
        if (fromRight)
        {
            int end = text.Length;
            while (parts.Count < limit && end > 0)
            {
                int at = end < separator.Length ? -1 : text.LastIndexOf(separator, end - 1, end, StringComparison.Ordinal);
                if (at < 0)
                {
                    break;
                }

                parts.Add((at + separator.Length, end - at - separator.Length));
                end = at;
            }

            parts.Add((0, end));
            parts.Reverse();
            return parts;
        }

        int start = 0;
        for (int at; parts.Count < limit && (at = text.IndexOf(separator, start, StringComparison.Ordinal)) >= 0; start = at + separator.Length)
        {
            parts.Add((start, at - start));
        }

        parts.Add((start, text.Length - start));
        return parts;
    }

    /// <summary>Cuts at runs of white space; white space at the ends makes no parts.</summary>
    public static List<(int Start, int Length)> AtSpaces(string text, int limit, bool fromRight)
    {
        List<(int, int)> parts = [];
        int low = 0;
        int high = text.Length;
        while (true)
        {
            while (low < high && PyText.IsSpace(text[low]) && !fromRight)
            {
                low++;
            }

            while (low < high && PyText.IsSpace(text[high - 1]) && fromRight)
            {
                high--;
            }

            if (low >= high)
            {
                break;
            }

            if (parts.Count >= limit)
            {
                parts.Add(Rest(text, low, high, fromRight));
                break;
            }

            int begin = fromRight ? high : low;
            if (fromRight)
            {
                while (high > low && !PyText.IsSpace(text[high - 1]))
                {
                    high--;
                }

                parts.Add((high, begin - high));
            }
            else
            {
                while (low < high && !PyText.IsSpace(text[low]))
                {
                    low++;
                }

                parts.Add((begin, low - begin));
            }
        }

        if (fromRight)
        {
            parts.Reverse();
        }

        return parts;
    }

    // Python keeps the blanks at the far end of what is not split any further from the left, and drops those at the near end.
    private static (int Start, int Length) Rest(string text, int low, int high, bool fromRight)
    {
        if (!fromRight)
        {
            return (low, text.Length - low);
        }

        return (low, high - low);
    }
}
