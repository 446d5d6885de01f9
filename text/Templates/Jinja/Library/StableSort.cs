namespace HunyuanOrleans.Text.Templates.Jinja.Library;

/// <summary>
/// A merge sort. It is stable, as Python's is, and tolerates inconsistent comparisons, which NaN can cause and on which the sorts of .NET
/// may throw.
/// </summary>
internal static class StableSort
{
    /// <summary>Sorts by <paramref name="compare"/>. Equal items keep their order, even if <paramref name="reverse"/> is set.</summary>
    public static T[] Sort<T>(IEnumerable<T> items, Func<T, T, int> compare, bool reverse = false)
    {
        T[] sorted = [.. items];
        T[] merged = new T[sorted.Length];
        for (int width = 1; width < sorted.Length; width *= 2)
        {
            for (int low = 0; low < sorted.Length; low += 2 * width)
            {
                int middle = Math.Min(low + width, sorted.Length);
                int high = Math.Min(low + (2 * width), sorted.Length);
                int left = low;
                int right = middle;
                for (int at = low; at < high; at++)
                {
                    bool takeRight = left == middle || (right < high && IsBefore(sorted[right], sorted[left]));
                    merged[at] = takeRight ? sorted[right++] : sorted[left++];
                }
            }

            (sorted, merged) = (merged, sorted);
        }

        return sorted;

        bool IsBefore(T a, T b) => reverse ? compare(a, b) > 0 : compare(a, b) < 0;
    }
}
