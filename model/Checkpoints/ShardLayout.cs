namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>How the tensors of a large model are shared out over safetensors files. It does not know what a tensor is.</summary>
internal static class ShardLayout
{
    /// <summary>Fills one file after the other, in order; a file has more than <paramref name="limit"/> bytes only where one tensor has.</summary>
    /// <param name="tensors">The tensors.</param>
    /// <param name="bytes">Bytes of one.</param>
    /// <param name="limit">Most bytes of a file.</param>
    public static List<List<T>> Split<T>(IEnumerable<T> tensors, Func<T, long> bytes, long limit)
    {
        List<List<T>> shards = [[]];
        long used = 0;
        foreach (T tensor in tensors)
        {
            if (used > 0 && used + bytes(tensor) > limit)
            {
                shards.Add([]);
                used = 0;
            }

            shards[^1].Add(tensor);
            used += bytes(tensor);
        }

        return shards;
    }

    /// <summary>The usual name of a file.</summary>
    /// <param name="index">Its number, from 0.</param>
    /// <param name="count">How many there are.</param>
    public static string Name(int index, int count) =>
        count == 1 ? CheckpointFiles.SingleName : $"model-{index + 1:D5}-of-{count:D5}.safetensors";
}
