namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>Distributes the tensors of a model over safetensors files.</summary>
internal static class ShardLayout
{
    /// <summary>Fills one file after the other, in the order of the tensors.</summary>
    /// <param name="tensors">The tensors.</param>
    /// <param name="bytes">Returns the size of a tensor in bytes.</param>
    /// <param name="limit">Maximum number of bytes in a file. A tensor that is larger is a file by itself.</param>
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
    /// <param name="index">Number of the file, from 0.</param>
    /// <param name="count">Number of files.</param>
    public static string FileName(int index, int count) =>
        count == 1 ? CheckpointFiles.SingleName : $"model-{index + 1:D5}-of-{count:D5}.safetensors";

    /// <summary>The text of the index file.</summary>
    /// <param name="shardByTensor">The file name of each tensor.</param>
    /// <param name="totalBytes">Bytes of all tensors.</param>
    public static string Index(IEnumerable<KeyValuePair<string, string>> shardByTensor, long totalBytes) => IndentedJson.Write(json =>
    {
        json.WriteStartObject("metadata");
        json.WriteNumber("total_size", totalBytes);
        json.WriteEndObject();
        json.WriteStartObject("weight_map");
        foreach ((string tensor, string shard) in shardByTensor.OrderBy(m => m.Key, StringComparer.Ordinal))
        {
            json.WriteString(tensor, shard);
        }

        json.WriteEndObject();
    });
}
