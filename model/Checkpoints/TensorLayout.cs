namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>
/// Checks that the tensors of one file have the sizes that their shapes need, and that they cover the file's data without gaps, overlaps
/// or remaining bytes.
/// </summary>
internal static class TensorLayout
{
    public static void Check(string path, List<TensorEntry> entries, long dataBytes)
    {
        foreach (TensorEntry entry in entries)
        {
            CheckSize(path, entry, dataBytes);
        }

        // Empty tensors come first among those with the same begin, so that they are not reported as overlaps.
        List<TensorEntry> ordered = [.. entries.OrderBy(e => e.Begin).ThenBy(e => e.End)];
        long end = 0;
        foreach (TensorEntry entry in ordered)
        {
            if (entry.Begin < end)
            {
                throw TensorEntry.Error(
                    path,
                    entry.Name,
                    $"begins at byte {entry.Begin} of the data, inside the tensor before it, which ends at {end}");
            }

            if (entry.Begin > end)
            {
                throw TensorEntry.Error(
                    path,
                    entry.Name,
                    $"begins at byte {entry.Begin} of the data, but the tensor before it ends at {end}; allowed: no gaps");
            }

            end = entry.End;
        }

        if (end != dataBytes)
        {
            throw new ModelException(
                $"{path}: the tensors take {end} bytes, but {dataBytes} bytes of data follow the header; allowed: no remaining bytes.");
        }
    }

    private static void CheckSize(string path, in TensorEntry entry, long dataBytes)
    {
        if (entry.End < entry.Begin)
        {
            throw TensorEntry.Error(
                path,
                entry.Name,
                $"has data_offsets [{entry.Begin}, {entry.End}]; allowed: the end not before the begin");
        }

        if (entry.End > dataBytes)
        {
            throw TensorEntry.Error(
                path,
                entry.Name,
                $"ends at byte {entry.End} of the data, but the file holds {dataBytes}: it is truncated or the offset is out of range");
        }

        Int128 bytes = entry.Type.Size();
        foreach (long size in entry.Shape)
        {
            // Once the product exceeds the file's size, only a dimension of 0 can still change the result. Stopping the multiplication
            // there prevents an overflow by malicious shapes.
            bytes = bytes > dataBytes && size != 0 ? bytes : bytes * size;
        }

        if (bytes != entry.End - entry.Begin)
        {
            throw TensorEntry.Error(
                path,
                entry.Name,
                $"has {entry.End - entry.Begin} bytes, but shape [{string.Join(", ", entry.Shape)}] of {entry.Type.Name()} needs another size");
        }
    }
}
