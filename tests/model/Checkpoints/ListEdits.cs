namespace HunyuanOrleans.Model.Tests.Checkpoints;

internal static class ListEdits
{
    /// <summary>Replaces the entries that match, and checks that at least one does.</summary>
    public static void ForEachReplace<T>(this List<T> list, Func<T, bool> matches, Func<T, T> change)
    {
        int count = 0;
        for (int i = 0; i < list.Count; i++)
        {
            if (matches(list[i]))
            {
                list[i] = change(list[i]);
                count++;
            }
        }

        Xunit.Assert.NotEqual(0, count);
    }
}
