using HunyuanOrleans.Text.Templates.Jinja.Text;

namespace HunyuanOrleans.Text.Templates.Jinja.Library;

/// <summary>Finds the parts of str.split and str.rsplit. It returns starts and lengths, so that the caller can slice text with its origins.</summary>
internal static class StringSplitter
{
    public static List<(int Start, int Length)> AtSeparator(string text, string separator, int limit, bool fromRight)
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

    /// <summary>Splits at runs of white space. White space at the ends makes no empty parts.</summary>
    public static List<(int Start, int Length)> AtWhiteSpace(string text, int limit, bool fromRight)
    {
        List<(int, int)> parts = [];
        int low = 0;
        int high = text.Length;
        while (true)
        {
            while (low < high && PythonText.IsSpace(text[low]) && !fromRight)
            {
                low++;
            }

            while (low < high && PythonText.IsSpace(text[high - 1]) && fromRight)
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
                while (high > low && !PythonText.IsSpace(text[high - 1]))
                {
                    high--;
                }

                parts.Add((high, begin - high));
            }
            else
            {
                while (low < high && !PythonText.IsSpace(text[low]))
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

    // As in Python, the remaining part of str.split keeps trailing white space, and that of str.rsplit keeps leading white space.
    private static (int Start, int Length) Rest(string text, int low, int high, bool fromRight)
    {
        if (!fromRight)
        {
            return (low, text.Length - low);
        }

        return (low, high - low);
    }
}
